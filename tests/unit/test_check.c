// test_check.c - the rules that a machine of the test's own cannot be brought to: full, too fast, not root.
// (Every other rule: test_runner_attack.c and test_runner_due.c, through the runner's socket.)
#include "node/core/trigger/boot.h"
#include "node/io/runner/check.h"

#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/support_dir.h"
#include "tests/unit/support_nodes.h"

#define NOW_MS (SUPPORT_WALL_MS + 3600000)

static const uint8_t BOOT[BOOT_ID_SIZE] = {0xb0};

struct world {
    char path[SUPPORT_DIR_ROOM];
    int directory;
    struct support_trust trust;
    struct evidence evidence;
    struct zone_files zones;
    struct seen seen;
    struct processes processes;
    struct policy policies[2];
    struct account_cache accounts;
    uint64_t tokens, tokens_at_ms;
    struct check_world check;
    struct frame_start start;
};

static void feed_job(struct world *world, const char *user)
{
    struct envelope_signer alice = support_signer(&world->trust.fleet, SUPPORT_ALICE);
    struct definition definition = support_definition("job"); // every minute
    struct buffer envelope = {0};
    struct evidence_answer answer;
    snprintf(definition.user, sizeof definition.user, "%s", user);
    struct hash id = support_sign_definition(&alice, &definition, &envelope).hash;
    assert_int_equal(evidence_feed(&world->evidence, buffer_view(&envelope), &answer), 0);
    assert_true(answer.ok);
    world->start = (struct frame_start){.definition = id,
                                        .due_ms = NOW_MS / 60000 * 60000,
                                        .cause = FRAME_SCHEDULED,
                                        .attempt = 1,
                                        .sent_boottime_ns = 1};
    buffer_deinit(&envelope);
}

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    struct reason reason;
    support_dir_make(world->path);
    world->directory = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    support_trust_init(&world->trust);
    support_trust_operators(&world->trust, 1);
    struct envelope_signer alice = support_signer(&world->trust.fleet, SUPPORT_ALICE);
    struct support_envelope node = support_sign_node(&alice, SUPPORT_NODE, NULL, 1, 1);
    const struct bytes entry = buffer_view(&world->trust.log.entries[0]->envelope);
    const struct bytes record = buffer_view(&node.bytes);
    struct evidence_first first = {.pin = {.fleet = world->trust.fleet,
                                           .node_key = support_signer(NULL, SUPPORT_NODE).key,
                                           .node_name = "nas"},
                                   .genesis = buffer_view(&world->trust.genesis),
                                   .authority = &entry,
                                   .authority_count = 1,
                                   .node = &record,
                                   .node_count = 1};
    assert_int_equal(evidence_create(world->directory, &first), 0);
    assert_true(evidence_open(&world->evidence, world->directory, &reason));
    support_envelope_deinit(&node);
    zone_files_init(&world->zones);
    world->tokens = 1000000;
    world->check = (struct check_world){.evidence = &world->evidence,
                                        .boot = BOOT,
                                        .zones = &world->zones,
                                        .seen = &world->seen,
                                        .processes = &world->processes,
                                        .policies = {&world->policies[0], &world->policies[1]},
                                        .accounts = &world->accounts,
                                        .wall_ms = NOW_MS,
                                        .boottime_ns = 2,
                                        .tokens = &world->tokens,
                                        .tokens_at_ms = &world->tokens_at_ms};
    feed_job(world, getpwuid(geteuid())->pw_name);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    evidence_close(&world->evidence);
    zone_files_deinit(&world->zones);
    seen_deinit(&world->seen);
    processes_deinit(&world->processes);
    account_cache_deinit(&world->accounts);
    support_trust_deinit(&world->trust);
    close(world->directory);
    support_dir_remove(world->path);
    free(world);
    return 0;
}

static void passes(struct world *world)
{
    struct check check;
    int outcome = check_start(&check, &world->check, &world->start);
    if (outcome)
        print_error("rule %d: %s\n", check.rule, check.reason.text);
    assert_int_equal(outcome, 0);
    check_deinit(&check);
}

static void denied(struct world *world, int rule, const char *words)
{
    struct check check;
    assert_int_equal(check_start(&check, &world->check, &world->start), CHECK_DENIED);
    assert_int_equal(check.rule, rule);
    assert_non_null(strstr(check.reason.text, words));
    check_deinit(&check);
}

static void add_runs(struct world *world, size_t count, enum processes_state state)
{
    for (size_t i = 0; i < count; i++) {
        struct processes_run run = {.state = state, .output = -1, .errors = -1, .job = {{1}}};
        memcpy(run.id.b, &i, sizeof i);
        processes_add(&world->processes, &run);
    }
}

static void more_starts_than_a_machine_can_want_are_denied_for_a_while(void **state)
{
    struct world *world = *state;
    world->tokens = 2000;
    passes(world);
    passes(world);
    denied(world, 5, "starts a second");
    world->check.now_ms = 1; // a thousandth of CHECK_RATE_PER_SECOND later
    for (int i = 0; i < CHECK_RATE_PER_SECOND / 1000; i++)
        passes(world);
    denied(world, 5, "starts a second");
    world->check.now_ms += 3600000;
    passes(world);
    assert_true(world->tokens <= CHECK_RATE_BURST * UINT64_C(1000));
}

static void a_machine_full_of_runs_starts_no_more(void **state)
{
    struct world *world = *state;
    add_runs(world, LIMIT_RUNNING_COUNT_MAX - 1, PROCESSES_RUNNING);
    passes(world);
    add_runs(world, 1, PROCESSES_KILLED);
    denied(world, 5, "runs are going on here");
}

static void ends_that_nobody_stores_stop_new_starts(void **state)
{
    struct world *world = *state;
    add_runs(world, PROCESSES_OPEN_COUNT_MAX - 1, PROCESSES_ENDED);
    passes(world);
    add_runs(world, 1, PROCESSES_ENDED);
    denied(world, 5, "wait to be stored");
}

static void an_agent_that_is_not_root_becomes_nobody_else(void **state)
{
    struct world *world = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(seteuid(getpwnam("nobody")->pw_uid), 0);
    denied(world, 2, "cannot become another user");
    assert_int_equal(seteuid(0), 0);
    passes(world);
}

static void what_was_proved_is_still_proved_after_a_restart(void **state)
{
    struct world *world = *state;
    struct reason reason;
    struct check check;
    evidence_close(&world->evidence);
    assert_true(evidence_open(&world->evidence, world->directory, &reason));
    assert_string_equal(evidence_self(&world->evidence)->name, "node-100");
    assert_int_equal(check_start(&check, &world->check, &world->start), CHECK_NEED);
    assert_memory_equal(&check.needed, &world->start.definition, sizeof check.needed);
    check_deinit(&check);
    feed_job(world, getpwuid(geteuid())->pw_name);
    passes(world);
}

static void without_its_pin_or_genesis_nothing_opens(void **state)
{
    struct world *world = *state;
    struct reason reason;
    evidence_close(&world->evidence);
    assert_int_equal(renameat(world->directory, "authority", world->directory, "away"), 0);
    assert_false(evidence_open(&world->evidence, world->directory, &reason));
    assert_non_null(strstr(reason.text, "runner/authority"));
    assert_int_equal(renameat(world->directory, "away", world->directory, "authority"), 0);
    assert_int_equal(unlinkat(world->directory, "pin", 0), 0);
    assert_false(evidence_open(&world->evidence, world->directory, &reason));
    assert_non_null(strstr(reason.text, "runner/pin"));
    struct pin other = {.node_name = "nas", .fleet = {{{9}}}};
    assert_int_equal(pin_save(world->directory, &other), 0);
    assert_false(evidence_open(&world->evidence, world->directory, &reason)); // another fleet's
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(more_starts_than_a_machine_can_want_are_denied_for_a_while),
        TEST(a_machine_full_of_runs_starts_no_more),
        TEST(ends_that_nobody_stores_stop_new_starts),
        TEST(an_agent_that_is_not_root_becomes_nobody_else),
        TEST(what_was_proved_is_still_proved_after_a_restart),
        TEST(without_its_pin_or_genesis_nothing_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
