// test_runner_happening.c - a network process in wrong hands: what it may claim to have happened is denied
// unless the runner finds the same out for itself.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/core/trigger/boot.h"
#include "node/io/clock.h"
#include "tests/unit/support_attack.h"

// --- boot --------------------------------------------------------------------

static void read_boot(uint8_t out[BOOT_ID_SIZE])
{
    char text[64] = "", digits[2 * BOOT_ID_SIZE + 1] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    size_t count = 0;
    for (const char *at = text; *at && *at != '\n' && count < 2 * BOOT_ID_SIZE; at++)
        if (*at != '-')
            digits[count++] = *at;
    assert_true(hex_decode(digits, out, BOOT_ID_SIZE));
}

static struct hash this_boot(const struct node_id *node)
{
    uint8_t boot[BOOT_ID_SIZE];
    read_boot(boot);
    return boot_cause(boot, node);
}

static struct frame_start define_boot(struct support_runner *runner, const char *name, uint64_t delay_ms)
{
    const struct definition_trigger trigger = {.kind = DEFINITION_BOOT, .delay_ms = delay_ms};
    struct definition definition = support_runner_definition(runner, name, "echo $KATYDID_CAUSE");
    definition.triggers = &trigger;
    definition.spread = DEFINITION_SPREAD_ALL;
    struct frame_start start = support_attack_define(runner, &definition);
    start.due_ms = 0;
    start.targeted = true;
    start.cause = FRAME_BOOT;
    start.cause_record = this_boot(&runner->self);
    return start;
}

static void a_boot_that_was_not_this_one_or_not_of_this_node(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define_boot(runner, "hello", 0), other = start;
    uint8_t boot[BOOT_ID_SIZE] = {1, 2, 3};
    other.cause_record = boot_cause(boot, &runner->self);
    support_attack_denied(runner, &other, 4, "not for this boot");
    struct node_id stranger = runner->self;
    stranger.b[0] ^= 1;
    other.cause_record = this_boot(&stranger);
    support_attack_denied(runner, &other, 4, "not for this boot");
    other.cause_record = (struct hash){{0}};
    support_attack_denied(runner, &other, 4, "nothing is said");
    other = start;
    other.due_ms = support_runner_due();
    support_attack_denied(runner, &other, 4, "no due time");
    support_attack_started(runner, &start);
}

static void a_boot_twice(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define_boot(runner, "hello", 0);
    support_attack_started(runner, &start);
    support_attack_denied(runner, &start, 5, "has started here before");
    support_runner_stop(runner, SIGKILL); // the agent starts again; the machine does not
    support_runner_start(runner);
    start = define_boot(runner, "hello", 0);
    support_attack_denied(runner, &start, 5, "has started here before");
}

static void a_boot_job_before_its_delay_is_over(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define_boot(runner, "later", clock_boottime_ns() / 1000000 + 600000);
    support_attack_denied(runner, &start, 4, "after the boot");
}

int main(int argc, char **argv)
{
    if (support_runner_relay(argc, argv))
        return 0;
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_runner_set_up, support_runner_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_boot_that_was_not_this_one_or_not_of_this_node),
        TEST(a_boot_twice),
        TEST(a_boot_job_before_its_delay_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
