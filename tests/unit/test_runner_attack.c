// test_runner_attack.c - a network process in wrong hands: what it may try about who said what is denied by
// its rule, and nothing starts.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crdt/stamp.h"
#include "node/io/clock.h"
#include "node/io/daemon.h"
#include "node/io/runner/agent_dir.h"
#include "tests/unit/support_attack.h"

#define BIT(kind) (1u << (kind))

// --- rule 1: what is in force ------------------------------------------------

static void an_old_definition_after_a_newer_one(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "echo old");
    struct frame_start old = support_attack_define(runner, &definition);
    definition.version = 2;
    definition.shell = "echo new";
    struct frame_start new = support_attack_define(runner, &definition);
    support_attack_denied(runner, &old, 1, "another definition");
    support_attack_started(runner, &new);
    // Fed again it stays old; fed to a runner that only knows the floor, too.
    definition.version = 1;
    definition.shell = "echo old";
    support_runner_define(runner, &runner->alice, &definition);
    old.due_ms = support_runner_due();
    support_attack_denied(runner, &old, 1, "another definition");
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner);
    support_runner_define(runner, &runner->alice, &definition);
    support_attack_denied(runner, &old, 1, "another definition");
}

static void a_deleted_job_and_a_life_that_is_over(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    struct frame_start first = support_attack_define(runner, &definition);
    assert_true(support_attack_delete(runner, &runner->alice, "job", 2));
    support_attack_denied(runner, &first, 1, "deleted");
    definition.life = 3;
    struct frame_start second = support_attack_define(runner, &definition);
    support_attack_denied(runner, &first, 1, "another definition");
    support_attack_started(runner, &second);
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner);
    assert_true(support_attack_delete(runner, &runner->alice, "job", 4));
    support_runner_define(runner, &runner->alice, &definition);
    support_attack_denied(runner, &second, 1, "deleted");
}

static void a_paused_job_until_that_very_pause_is_lifted(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = support_attack_define_plain(runner, "job");
    struct pause pause = {.namespace_name = "main",
                          .name = "job",
                          .life = 1,
                          .stamp = support_attack_stamp(),
                          .authority_number = 2};
    struct hash first, second, resume;
    assert_true(support_attack_pause(runner, &runner->alice, &pause, &first));
    pause.stamp++;
    assert_true(support_attack_pause(runner, &runner->bob, &pause, &second));
    support_attack_denied(runner, &start, 1, "paused");
    struct pause lift = pause;
    lift.lifts = &first;
    lift.lift_count = 1;
    assert_true(support_attack_pause(runner, &runner->alice, &lift, &resume));
    support_attack_denied(runner, &start, 1, "paused");
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner);
    start = support_attack_define_plain(runner, "job");
    support_attack_denied(runner, &start, 1, "paused");
    lift.lifts = &second;
    assert_true(support_attack_pause(runner, &runner->alice, &lift, &resume));
    start.due_ms = support_runner_due();
    support_attack_started(runner, &start);
}

static void a_pause_that_comes_after_its_resume_stops_nothing(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = support_attack_define_plain(runner, "job");
    struct pause pause = {.namespace_name = "main",
                          .name = "job",
                          .life = 1,
                          .stamp = support_attack_stamp(),
                          .authority_number = 1};
    struct pause lift = pause;
    struct buffer envelope = {0};
    struct hash id = support_sign_pause(&runner->alice, &pause, &envelope).hash, resume;
    lift.lifts = &id;
    lift.lift_count = 1;
    assert_true(support_attack_pause(runner, &runner->alice, &lift, &resume));
    assert_true(support_runner_feed(runner, buffer_view(&envelope)));
    support_attack_started(runner, &start);
    buffer_deinit(&envelope);
}

static void what_this_build_cannot_do(void **state)
{
    struct support_runner *runner = *state;
    static const char *const needs[] = {"landlock-profile"};
    struct definition definition = support_runner_definition(runner, "needy", "true");
    definition.needs = needs;
    definition.need_count = 1;
    struct frame_start start = support_attack_define(runner, &definition);
    support_attack_denied(runner, &start, 1, "needs landlock-profile");
    definition = support_runner_definition(runner, "once", "true");
    definition.guarantee = DEFINITION_AT_MOST_ONCE;
    start = support_attack_define(runner, &definition);
    support_attack_denied(runner, &start, 6, "at most once");
}

// --- rule 2: who may say it --------------------------------------------------

static void a_revoked_signer_whose_deletes_still_count(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    definition.authority_number = 2;
    struct hash id = support_runner_define(runner, &runner->bob, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    struct frame_start gone = support_attack_define_plain(runner, "gone");
    assert_true(support_attack_delete(runner, &runner->bob, "gone", 2));
    assert_true(support_attack_entry(runner, support_revoke(SUPPORT_BOB, support_attack_stamp())));
    support_attack_denied(runner, &start, 2, "signer revoked");
    support_attack_denied(runner, &gone, 1, "deleted");
    // What the stolen key signs from now on is not even taken; what it stops stays stopped.
    definition.version = 2;
    definition.stamp = support_attack_stamp() + 70000;
    support_runner_define(runner, &runner->bob, &definition);
    assert_false(runner->got.frame.ok);
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner);
    definition.version = 1;
    definition.stamp = definition.since;
    support_runner_define(runner, &runner->bob, &definition);
    support_attack_denied(runner, &start, 2, "signer revoked");
}

static void a_definition_that_a_revocation_voids_gives_its_place_back(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    struct frame_start good = support_attack_define(runner, &definition);
    struct definition stolen = definition;
    uint64_t revoked = stamp_of_wall_ms(clock_wall_ms() - 60000);
    stolen.version = 2;
    stolen.stamp = support_attack_stamp();
    stolen.authority_number = 2;
    stolen.shell = "echo stolen";
    struct hash id = support_runner_define(runner, &runner->bob, &stolen);
    struct frame_start bad = support_runner_due_start(runner, &id);
    support_attack_denied(runner, &good, 1, "another definition");
    assert_true(support_attack_entry(runner, support_revoke(SUPPORT_BOB, revoked)));
    support_attack_denied(runner, &bad, 1, "no definition");
    support_runner_define(runner, &runner->alice, &definition);
    support_attack_started(runner, &good);
}

static struct envelope_signer make_carol(struct support_runner *runner, const struct scope *scope)
{
    assert_true(support_attack_entry(runner, support_operator(SUPPORT_CAROL, scope)));
    return support_signer(&runner->trust.fleet, SUPPORT_CAROL);
}

static void a_user_namespace_or_action_out_of_scope(void **state)
{
    struct support_runner *runner = *state;
    static const char *const any[] = {"*"}, *const www[] = {"www"}, *const define_only[] = {"define"};
    struct scope scope = {.namespaces = www,
                          .namespace_count = 1,
                          .actions = define_only,
                          .action_count = 1,
                          .users = any,
                          .user_count = 1};
    struct envelope_signer carol = make_carol(runner, &scope);
    struct definition definition = support_runner_definition(runner, "job", "true");
    definition.authority_number = 3;
    struct hash id = support_runner_define(runner, &carol, &definition);
    assert_false(runner->got.frame.ok);
    struct frame_start start = support_runner_due_start(runner, &id);
    assert_int_equal(support_runner_try(runner, &start)->kind, FRAME_NEED);
    strcpy(definition.namespace_name, "www");
    id = support_runner_define(runner, &carol, &definition);
    assert_true(runner->got.frame.ok);
    start = support_runner_due_start(runner, &id);
    // Her scope is narrowed to a user that is not the job's: the job keeps its place and does not run.
    scope.users = www;
    assert_true(support_attack_entry(runner, support_operator(SUPPORT_CAROL, &scope)));
    support_attack_denied(runner, &start, 2, "scope");
    struct pause pause = {.namespace_name = "www",
                          .name = "job",
                          .life = 1,
                          .stamp = support_attack_stamp(),
                          .authority_number = 4};
    assert_false(support_attack_pause(runner, &carol, &pause, &id));
}

static void a_node_outside_the_labels_of_the_scope(void **state)
{
    struct support_runner *runner = *state;
    static const struct label web[] = {{"role", "web"}};
    struct scope scope = support_scope_all();
    scope.labels = (struct labels){web, 1};
    struct envelope_signer carol = make_carol(runner, &scope);
    struct definition definition = support_runner_definition(runner, "job", "true");
    definition.authority_number = 3;
    struct hash id = support_runner_define(runner, &carol, &definition);
    struct frame_start start = support_runner_due_start(runner, &id);
    support_attack_denied(runner, &start, 2, "scope");
}

static void a_body_with_a_bad_signature_or_somebody_elses(void **state)
{
    struct support_runner *runner = *state;
    struct definition definition = support_runner_definition(runner, "job", "true");
    struct buffer envelope = {0};
    support_sign_definition(&runner->alice, &definition, &envelope);
    envelope.data[40] ^= 1; // in the signature
    assert_false(support_runner_feed(runner, buffer_view(&envelope)));
    envelope.data[40] ^= 1;
    envelope.data[envelope.size - 1] ^= 1; // in the body
    assert_false(support_runner_feed(runner, buffer_view(&envelope)));
    envelope.data[envelope.size - 1] ^= 1;
    assert_true(support_runner_feed(runner, buffer_view(&envelope)));
    buffer_clear(&envelope);
    strcpy(definition.name, "by-node");
    support_sign_definition(&runner->node, &definition, &envelope); // membership puts no commands anywhere
    assert_false(support_runner_feed(runner, buffer_view(&envelope)));
    buffer_deinit(&envelope);
}

static void an_authority_log_with_a_gap_or_of_another_root(void **state)
{
    struct support_runner *runner = *state;
    struct scope all = support_scope_all();
    struct buffer next = {0}, after = {0}, foreign = {0};
    support_trust_entry(&runner->trust, support_operator(SUPPORT_CAROL, &all), &next);
    support_trust_entry(&runner->trust, support_revoke(SUPPORT_BOB, support_attack_stamp()), &after);
    assert_false(support_runner_feed(runner, buffer_view(&after)));
    struct envelope_signer impostor = support_signer(&runner->trust.fleet, 77);
    struct authority_log_head head = {.number = 2, .id = runner->trust.log.chain[1]->id};
    support_sign_entry(&impostor, head.number + 1, &head.id.hash, support_operator(99, &all), &foreign);
    assert_false(support_runner_feed(runner, buffer_view(&foreign)));
    assert_true(support_runner_feed(runner, buffer_view(&next)));
    assert_true(support_runner_feed(runner, buffer_view(&after)));
    buffer_deinit(&next);
    buffer_deinit(&after);
    buffer_deinit(&foreign);
}

static void what_the_machines_owner_forbids(void **state)
{
    struct support_runner *runner = *state;
    FILE *file = fopen(runner->policy, "w");
    fputs("# only backups\nallow command /bin/sh -c echo *\ndeny command *\n", file);
    fclose(file);
    assert_int_equal(chmod(runner->policy, 0600), 0);
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner);
    struct definition definition = support_runner_definition(runner, "fine", "echo fine");
    struct frame_start fine = support_attack_define(runner, &definition);
    support_attack_started(runner, &fine);
    struct frame_start start = support_attack_define_plain(runner, "other");
    support_attack_denied(runner, &start, 2, "policy: denied by line 3");
    file = fopen(runner->policy, "w");
    fputs("allow user *\npermit everything\n", file);
    fclose(file);
    support_attack_denied(runner, &start, 2, "policy: line 2");
}

// --- everything else ---------------------------------------------------------

static void junk_in_every_form_starts_nothing(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = support_attack_define_plain(runner, "job");
    struct frame frame = {.kind = FRAME_START, .start = start};
    struct buffer bytes = {0};
    uint64_t random = 1;
    frame_encode(&frame, &bytes);
    for (int i = 0; i < 6; i++) { // each costs a network process; the back-off grows
        uint8_t copy[200];
        size_t size = bytes.size - (size_t)(i % 3);
        memcpy(copy, bytes.data, bytes.size);
        if (i % 3 == 0)
            copy[1 + HASH_SIZE + 2] = 7; // the flag
        if (i == 3)
            copy[0] = (uint8_t)support_random(&random) | 0x80; // the kind
        assert_true(write(runner->link.fd, copy, size) == (ssize_t)size);
        support_runner_disconnect(runner);
        support_runner_connect(runner);
        assert_false(support_runner_came(runner, BIT(FRAME_STARTED) | BIT(FRAME_ENDED) | BIT(FRAME_RUNNING)));
    }
    buffer_deinit(&bytes);
}

static void records_of_kinds_that_are_not_its_business_are_refused(void **state)
{
    struct support_runner *runner = *state;
    for (size_t i = 0; i < support_kind_count; i++) {
        struct buffer body = {0}, envelope = {0};
        support_body(support_kinds[i], &body);
        envelope_sign(&runner->node, support_kinds[i], buffer_view(&body), &envelope);
        (void)support_runner_feed(runner, buffer_view(&envelope)); // survives, whatever it says
        for (size_t size = 0; size < envelope.size; size += 7)
            (void)support_runner_feed(runner, bytes_of(envelope.data, size));
        buffer_deinit(&body);
        buffer_deinit(&envelope);
    }
    struct frame_start start = support_attack_define_plain(runner, "job");
    support_attack_started(runner, &start);
}

static void a_network_process_cannot_say_that_the_node_left(void **state)
{
    struct support_runner *runner = *state;
    struct frame_start start = support_attack_define_plain(runner, "job");
    support_runner_exit(runner, DAEMON_LEFT);
    support_runner_connect(runner); // another one
    support_attack_started(runner, &start);
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner); // no mark was left
}

static void a_node_that_a_person_asked_to_leave_ends(void **state)
{
    struct support_runner *runner = *state;
    int status;
    assert_int_equal(agent_dir_ask_to_leave(runner->directory), 0);
    support_runner_exit(runner, DAEMON_LEFT);
    assert_int_equal(waitpid(runner->pid, &status, 0), runner->pid);
    runner->pid = 0;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct agent_dir dir;
    assert_int_equal(agent_dir_open(&dir, runner->directory), 0);
    assert_true(agent_dir_has_left(&dir));
    agent_dir_close(&dir);
}

static void what_a_person_took_back_or_asked_an_earlier_agent_counts_no_more(void **state)
{
    struct support_runner *runner = *state;
    assert_int_equal(agent_dir_ask_to_leave(runner->directory), 0);
    agent_dir_take_back_leave(runner->directory);
    support_runner_exit(runner, DAEMON_LEFT);
    support_runner_connect(runner);
    assert_int_equal(agent_dir_ask_to_leave(runner->directory), 0);
    support_runner_stop(runner, SIGKILL);
    support_runner_start(runner);
    support_runner_exit(runner, DAEMON_LEFT);
    support_runner_connect(runner);
}

int main(int argc, char **argv)
{
    if (support_runner_relay(argc, argv))
        return 0;
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_runner_set_up, support_runner_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_network_process_cannot_say_that_the_node_left),
        TEST(a_node_that_a_person_asked_to_leave_ends),
        TEST(what_a_person_took_back_or_asked_an_earlier_agent_counts_no_more),
        TEST(an_old_definition_after_a_newer_one),
        TEST(a_deleted_job_and_a_life_that_is_over),
        TEST(a_paused_job_until_that_very_pause_is_lifted),
        TEST(a_pause_that_comes_after_its_resume_stops_nothing),
        TEST(what_this_build_cannot_do),
        TEST(a_revoked_signer_whose_deletes_still_count),
        TEST(a_definition_that_a_revocation_voids_gives_its_place_back),
        TEST(a_user_namespace_or_action_out_of_scope),
        TEST(a_node_outside_the_labels_of_the_scope),
        TEST(a_body_with_a_bad_signature_or_somebody_elses),
        TEST(an_authority_log_with_a_gap_or_of_another_root),
        TEST(what_the_machines_owner_forbids),
        TEST(junk_in_every_form_starts_nothing),
        TEST(records_of_kinds_that_are_not_its_business_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
