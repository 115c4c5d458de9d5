// test_runner_happening.c - a network process in wrong hands: what it may claim to have happened is denied
// unless the runner finds the same out for itself.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crdt/stamp.h"
#include "node/core/trigger/boot.h"
#include "node/core/trigger/member_change.h"
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

static void a_boot_outside_the_bounds_of_its_job(void **state)
{
    struct support_runner *runner = *state;
    const struct definition_trigger trigger = {.kind = DEFINITION_BOOT};
    const struct definition_blackout now = {.from_ms = clock_wall_ms() - 60000, .length_ms = 3600000};
    struct definition definition = support_runner_definition(runner, "bounded", "true");
    struct frame_start start = define_boot(runner, "hello", 0);
    definition.triggers = &trigger;
    definition.spread = DEFINITION_SPREAD_ALL;
    definition.not_after_ms = clock_wall_ms() - 1000;
    start.definition = support_attack_define(runner, &definition).definition;
    support_attack_denied(runner, &start, 4, "after not_after");
    strcpy(definition.name, "dark");
    definition.not_after_ms = 0;
    definition.blackouts = &now;
    definition.blackout_count = 1;
    start.definition = support_attack_define(runner, &definition).definition;
    support_attack_denied(runner, &start, 4, "blackout");
    strcpy(definition.name, "light");
    definition.blackout_count = 0;
    start.definition = support_attack_define(runner, &definition).definition;
    support_attack_started(runner, &start);
}

// --- events ------------------------------------------------------------------

static struct frame_start define_event(struct support_runner *runner,
                                       const struct definition_trigger *trigger)
{
    struct definition definition =
        support_runner_definition(runner, "deploy", "echo $KATYDID_EVENT $KATYDID_EVENT_DATA");
    definition.triggers = trigger;
    struct frame_start start = support_attack_define(runner, &definition);
    start.due_ms = 0;
    start.cause = FRAME_EVENT;
    return start;
}

static struct event_record deploy_event(const char *name)
{
    struct event_record event = {.namespace_name = "main",
                                 .stamp = support_attack_stamp(),
                                 .expires_ms = clock_wall_ms() + 3600000,
                                 .data = bytes_of_text("v42"),
                                 .authority_number = 2};
    snprintf(event.name, sizeof event.name, "%s", name);
    clock_entropy(event.random, sizeof event.random);
    return event;
}

// Signed and fed; the id, and in runner->got whether it was accepted.
static struct hash show(struct support_runner *runner, const struct envelope_signer *signer,
                        const struct event_record *event)
{
    struct buffer body = {0}, envelope = {0};
    event_record_encode(event, &body);
    struct record_id id = envelope_sign(signer, ENVELOPE_EVENT, buffer_view(&body), &envelope);
    (void)support_runner_feed(runner, buffer_view(&envelope));
    buffer_deinit(&body);
    buffer_deinit(&envelope);
    return id.hash;
}

static const struct definition_trigger LISTENS = {.kind = DEFINITION_EVENT, .name = "main/deploy*"};

static void an_event_that_was_shown_starts_its_job_once(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define_event(runner, &LISTENS);
    struct event_record event = deploy_event("deploy-web");
    start.cause_record = show(runner, &runner->alice, &event);
    struct run_id run = support_runner_run(runner, &start);
    struct buffer output = support_runner_output(runner);
    assert_true(bytes_equal(buffer_view(&output), bytes_of_text("main/deploy-web v42\n")));
    support_runner_wait(runner, 1u << FRAME_ENDED);
    support_runner_acknowledge(runner, &run);
    buffer_deinit(&output);
    support_attack_denied(runner, &start, 5, "has started here before");
}

static void an_event_that_was_never_shown(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define_event(runner, &LISTENS);
    start.cause_record.b[0] = 1;
    assert_int_equal(support_runner_try(runner, &start)->kind, FRAME_NEED);
    assert_memory_equal(&runner->got.frame.record, &start.cause_record, sizeof start.cause_record);
    assert_false(support_runner_came(runner, 1u << FRAME_STARTED));
}

static void an_event_of_another_name_or_time(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define_event(runner, &LISTENS);
    struct event_record event = deploy_event("undeploy");
    start.cause_record = show(runner, &runner->alice, &event);
    support_attack_denied(runner, &start, 4, "does not listen to main/undeploy");
    event = deploy_event("deploy");
    event.stamp = stamp_of_wall_ms(clock_wall_ms() - 1800000);
    event.expires_ms = clock_wall_ms() - 600000;
    start.cause_record = show(runner, &runner->alice, &event);
    support_attack_denied(runner, &start, 4, "has expired");
    event = deploy_event("deploy");
    event.expires_ms = clock_wall_ms() + 48 * 3600000LL;
    start.cause_record = show(runner, &runner->alice, &event);
    support_attack_denied(runner, &start, 4, "more than a day");
    event = deploy_event("deploy");
    event.stamp = stamp_of_wall_ms(clock_wall_ms() + 600000);
    start.cause_record = show(runner, &runner->alice, &event);
    support_attack_denied(runner, &start, 4, "lies ahead");
    event = deploy_event("deploy");
    event.stamp = stamp_of_wall_ms(clock_wall_ms() - 7200000);
    start.cause_record = show(runner, &runner->alice, &event);
    support_attack_denied(runner, &start, 4, "before this schedule began");
}

static void an_event_of_somebody_who_may_not(void **state)
{
    struct support_runner *runner = *state;
    static const char *const any[] = {"*"}, *const www[] = {"www"};
    const struct scope scope = {.namespaces = www,
                                .namespace_count = 1,
                                .actions = any,
                                .action_count = 1,
                                .users = any,
                                .user_count = 1};
    struct frame_start start = define_event(runner, &LISTENS);
    struct event_record event = deploy_event("deploy");
    start.cause_record = show(runner, &runner->node, &event);
    support_attack_denied(runner, &start, 4, "operators only");
    assert_true(support_attack_entry(runner, support_operator(SUPPORT_CAROL, &scope)));
    struct envelope_signer carol = support_signer(&runner->trust.fleet, SUPPORT_CAROL);
    event.authority_number = 3;
    start.cause_record = show(runner, &carol, &event);
    support_attack_denied(runner, &start, 4, "event: ");
    struct envelope_signer stranger = support_signer(&runner->trust.fleet, 77);
    start.cause_record = show(runner, &stranger, &event);
    assert_false(runner->got.frame.ok);
    assert_int_equal(support_runner_try(runner, &start)->kind, FRAME_NEED);
}

static void an_event_of_a_node_where_nodes_are_listened_to(void **state)
{
    struct support_runner *runner = *state;
    static const struct label storage[] = {{"role", "storage"}}, web[] = {{"role", "web"}};
    struct definition_trigger trigger = LISTENS;
    trigger.from = DEFINITION_FROM_NODES;
    trigger.where = (struct labels){web, 1};
    struct frame_start start = define_event(runner, &trigger);
    struct event_record event = deploy_event("deploy");
    event.authority_number = 0;
    start.cause_record = show(runner, &runner->node, &event);
    support_attack_denied(runner, &start, 4, "does not listen to events of");
    struct definition definition = support_runner_definition(runner, "backup", "true");
    trigger.where = (struct labels){storage, 1};
    definition.triggers = &trigger;
    start = support_attack_define(runner, &definition);
    start.due_ms = 0;
    start.cause = FRAME_EVENT;
    event = deploy_event("deploy");
    start.cause_record = show(runner, &runner->alice, &event);
    support_attack_denied(runner, &start, 4, "nodes only");
    event.authority_number = 0;
    start.cause_record = show(runner, &runner->node, &event);
    support_attack_started(runner, &start);
}

static void more_events_than_an_hour_may_have(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = define_event(runner, &LISTENS);
    for (int i = 0; i < 91; i++) {
        struct event_record event = deploy_event("deploy");
        start.cause_record = show(runner, &runner->alice, &event);
        support_attack_started(runner, &start);
    }
    struct event_record event = deploy_event("deploy");
    start.cause_record = show(runner, &runner->alice, &event);
    support_attack_denied(runner, &start, 5, "within an hour");
}

// --- members -----------------------------------------------------------------

static void a_change_of_members_the_job_does_not_wait_for(void **state)
{
    struct support_runner *runner = *state;
    struct definition_trigger trigger = {.kind = DEFINITION_MEMBER, .changes = DEFINITION_MEMBER_DEAD};
    struct frame_start start = define_event(runner, &trigger);
    start.cause = FRAME_MEMBER;
    start.member = (struct frame_member){DEFINITION_MEMBER_JOIN, runner->self, 3, 0};
    start.cause_record = member_change_cause(&start.member);
    support_attack_denied(runner, &start, 4, "does not wait for such a change");
    start.member.change = DEFINITION_MEMBER_DEAD;
    support_attack_denied(runner, &start, 4, "not what it is said to be");
    start.member.node.b[0] ^= 1;
    start.cause_record = member_change_cause(&start.member);
    support_attack_denied(runner, &start, 4, "nothing proves who");
    start.member.node = runner->self;
    start.cause_record = member_change_cause(&start.member);
    support_attack_started(runner, &start);
    support_attack_denied(runner, &start, 5, "has started here before");
}

int main(int argc, char **argv)
{
    if (support_runner_relay(argc, argv))
        return 0;
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_runner_set_up, support_runner_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_boot_that_was_not_this_one_or_not_of_this_node),
        TEST(a_boot_outside_the_bounds_of_its_job),
        TEST(a_boot_twice),
        TEST(a_boot_job_before_its_delay_is_over),
        TEST(an_event_that_was_shown_starts_its_job_once),
        TEST(an_event_that_was_never_shown),
        TEST(an_event_of_another_name_or_time),
        TEST(an_event_of_somebody_who_may_not),
        TEST(an_event_of_a_node_where_nodes_are_listened_to),
        TEST(more_events_than_an_hour_may_have),
        TEST(a_change_of_members_the_job_does_not_wait_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
