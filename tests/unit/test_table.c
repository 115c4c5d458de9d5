// test_table.c - what the table takes, refuses, keeps and forgets.
#include "tests/unit/support_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOUR 3600000LL
#define DAY  (24 * HOUR)

static struct support_table fx;

static int setup(void **state)
{
    (void)state;
    support_table_init(&fx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_table_deinit(&fx);
    return 0;
}

static struct table_job *job(const char *name)
{
    return support_table_job(&fx, name);
}

static void revoke(uint8_t number, int64_t at_ms)
{
    support_trust_entry(&fx.trust, support_revoke(number, support_stamp(at_ms)), NULL);
    table_recheck(&fx.table, &fx.trust.log);
}

// --- definitions -------------------------------------------------------------

static void a_definition_makes_a_job(void **state)
{
    (void)state;
    struct support_record record = support_define(&fx, &fx.alice, "backup", 1, 1);
    assert_int_equal(support_table_add(&fx, &record), 0);
    struct table_job *backup = job("backup");
    assert_non_null(backup);
    assert_int_equal(backup->life, 1);
    assert_true(table_job_is_runnable(backup));
    assert_false(table_job_is_paused(backup, SUPPORT_WALL_MS));
    assert_string_equal(table_definition(&fx.table, backup)->argv[0], "/bin/true");
    assert_string_equal(table_job_get_key(backup).name, "backup");
    const struct table_record *kept = table_find_record(&fx.table, &record.id);
    assert_true(bytes_equal(table_record_bytes(kept), buffer_view(&record.envelope)));
    support_record_deinit(&record);
}

static void a_record_is_taken_once_and_never_with_another_signature(void **state)
{
    (void)state;
    struct support_record record = support_define(&fx, &fx.alice, "backup", 1, 1);
    assert_int_equal(support_table_add(&fx, &record), 0);
    uint64_t before = fx.table.generation;
    assert_int_equal(support_table_add(&fx, &record), TABLE_KNOWN);
    record.envelope.data[30] ^= 1;
    assert_int_equal(support_table_add(&fx, &record), TABLE_FORGED);
    assert_int_equal(fx.table.generation, before);
    support_record_deinit(&record);
}

static void strangers_nodes_and_roots_define_nothing(void **state)
{
    (void)state;
    uint8_t signers[] = {SUPPORT_CAROL, SUPPORT_NODE, SUPPORT_ROOT};
    for (size_t i = 0; i < COUNT_OF(signers); i++) {
        struct envelope_signer signer = support_signer(&fx.trust.fleet, signers[i]);
        assert_int_equal(support_table_take(&fx, support_define(&fx, &signer, "backup", 1, 1)),
                         TABLE_SIGNER_UNKNOWN);
    }
    assert_null(job("backup"));
    assert_int_equal(fx.table.records.count, 0);
}

static void an_operator_stays_within_its_scope(void **state)
{
    (void)state;
    static const char *const namespaces[] = {"main"}, *const actions[] = {"pause"}, *const users[] = {"ops"};
    struct scope scope = {namespaces, 1, {0}, actions, 1, users, 1};
    support_trust_entry(&fx.trust, support_operator(SUPPORT_CAROL, &scope), NULL);
    struct envelope_signer carol = support_signer(&fx.trust.fleet, SUPPORT_CAROL);
    assert_int_equal(support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1)), 0);
    assert_int_equal(support_table_take(&fx, support_define(&fx, &carol, "backup", 1, 2)),
                     TABLE_OUT_OF_SCOPE);
    assert_int_equal(support_table_take(&fx, support_delete(&fx, &carol, "backup", 2, 5)),
                     TABLE_OUT_OF_SCOPE);
    assert_int_equal(support_table_take(&fx, support_order(&fx, &carol, "backup", 5)), TABLE_OUT_OF_SCOPE);
    assert_int_equal(support_table_take(&fx, support_pause(&fx, &carol, "backup", 1, 5)), 0);
    assert_true(table_job_is_paused(job("backup"), SUPPORT_WALL_MS));
}

static void the_user_of_a_definition_is_part_of_the_scope(void **state)
{
    (void)state;
    static const char *const all[] = {"*"}, *const users[] = {"nobody"}, *const others[] = {"root"};
    struct scope scope = {all, 1, {0}, all, 1, users, 1};
    support_trust_entry(&fx.trust, support_operator(SUPPORT_CAROL, &scope), NULL);
    struct envelope_signer carol = support_signer(&fx.trust.fleet, SUPPORT_CAROL);
    assert_int_equal(support_table_take(&fx, support_define(&fx, &carol, "backup", 1, 1)), 0);
    scope.users = others;
    support_trust_entry(&fx.trust, support_operator(SUPPORT_CAROL, &scope), NULL);
    assert_int_equal(support_table_take(&fx, support_define(&fx, &carol, "other", 1, 1)), TABLE_OUT_OF_SCOPE);
    table_recheck(&fx.table, &fx.trust.log); // narrowed: keeps its place, runs nothing
    assert_int_equal(job("backup")->life, 1);
    assert_int_equal(table_job_permission(job("backup")), PERMISSION_NARROWED);
    assert_false(table_job_is_runnable(job("backup")));
}

static void a_record_under_a_newer_log_waits_for_the_log(void **state)
{
    (void)state;
    struct authority_log old;
    struct table table;
    struct record_id id;
    struct support_record record = support_define(&fx, &fx.alice, "backup", 1, 1);
    support_trust_new_log(&fx.trust, &old);
    table_init(&table);
    uint64_t needed;
    assert_int_equal(table_add(&table, &old, buffer_view(&record.envelope), &id), TABLE_SIGNER_UNKNOWN);
    assert_int_equal(authority_log_add(&old, buffer_view(&fx.trust.log.entries[0]->envelope), &needed), 0);
    assert_int_equal(table_add(&table, &old, buffer_view(&record.envelope), &id), TABLE_LOG_BEHIND);
    assert_int_equal(authority_log_add(&old, buffer_view(&fx.trust.log.entries[1]->envelope), &needed), 0);
    assert_int_equal(table_add(&table, &old, buffer_view(&record.envelope), &id), 0);
    support_record_deinit(&record);
    table_deinit(&table);
    authority_log_deinit(&old);
}

static void the_higher_version_is_active_whatever_comes_first(void **state)
{
    (void)state;
    struct support_record one = support_define(&fx, &fx.alice, "backup", 1, 1);
    struct support_record two = support_define(&fx, &fx.bob, "backup", 1, 2);
    assert_int_equal(support_table_add(&fx, &two), 0);
    assert_int_equal(support_table_add(&fx, &one), TABLE_SUPERSEDED);
    assert_int_equal(job("backup")->active->version, 2);
    assert_int_equal(job("backup")->conflict_count, 0);
    assert_non_null(table_find_record(&fx.table, &one.id)); // kept, not live
    assert_int_equal(fx.table.live.count, 1);
    support_record_deinit(&one);
    support_record_deinit(&two);
}

static void only_a_few_superseded_definitions_are_kept(void **state)
{
    (void)state;
    for (uint64_t version = 1; version <= 20; version++)
        assert_int_equal(support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, version)), 0);
    assert_int_equal(job("backup")->record_count, 1 + TABLE_JOB_OLD_DEFINITION_COUNT_MAX);
    size_t dropped = 0;
    struct record_id id;
    while (table_take_dropped(&fx.table, &id)) {
        assert_null(table_find_record(&fx.table, &id));
        dropped++;
    }
    assert_int_equal(dropped, 20 - 1 - TABLE_JOB_OLD_DEFINITION_COUNT_MAX);
}

// --- pauses ------------------------------------------------------------------

static void a_pause_holds_until_a_resume_names_it(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    struct support_record first = support_pause(&fx, &fx.alice, "backup", 1, 10);
    struct support_record second = support_pause(&fx, &fx.bob, "backup", 1, 20);
    assert_int_equal(support_table_add(&fx, &first), 0);
    assert_int_equal(support_table_add(&fx, &second), 0);
    assert_int_equal(job("backup")->open_pause_count, 2);
    support_table_take(&fx, support_resume(&fx, &fx.alice, "backup", &first.id, 30));
    assert_true(table_job_is_paused(job("backup"), SUPPORT_WALL_MS)); // the other one holds
    const struct table_record *open = table_job_next_pause(job("backup"), NULL);
    struct arena arena = {0};
    struct pause decoded;
    assert_true(hash_equal(&open->id.hash, &second.id.hash));
    table_record_pause(open, &arena, &decoded);
    assert_int_equal(decoded.stamp, support_stamp(20));
    arena_deinit(&arena);
    support_table_take(&fx, support_resume(&fx, &fx.alice, "backup", &second.id, 40));
    assert_false(table_job_is_paused(job("backup"), SUPPORT_WALL_MS));
    support_record_deinit(&first);
    support_record_deinit(&second);
}

static void a_resume_that_comes_before_its_pause_works(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    struct support_record pause = support_pause(&fx, &fx.alice, "backup", 1, 10);
    assert_int_equal(support_table_take(&fx, support_resume(&fx, &fx.alice, "backup", &pause.id, 30)), 0);
    assert_int_equal(support_table_add(&fx, &pause), TABLE_SUPERSEDED);
    assert_false(table_job_is_paused(job("backup"), SUPPORT_WALL_MS));
    support_record_deinit(&pause);
}

static void a_resume_of_another_job_lifts_nothing(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    support_table_take(&fx, support_define(&fx, &fx.alice, "other", 1, 1));
    struct support_record pause = support_pause(&fx, &fx.alice, "backup", 1, 10);
    support_table_add(&fx, &pause);
    support_table_take(&fx, support_resume(&fx, &fx.alice, "other", &pause.id, 30));
    assert_true(table_job_is_paused(job("backup"), SUPPORT_WALL_MS));
    support_record_deinit(&pause);
}

static void a_pause_before_its_definition_holds_from_the_start(void **state)
{
    (void)state;
    assert_int_equal(support_table_take(&fx, support_pause(&fx, &fx.alice, "backup", 1, 10)),
                     TABLE_SUPERSEDED);
    assert_int_equal(job("backup")->life, 0);
    assert_null(table_next_job(&fx.table, NULL)); // a name without a life is no job
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    assert_true(table_job_is_paused(job("backup"), SUPPORT_WALL_MS));
}

static void a_pause_with_an_end_ends_by_the_caller_s_clock(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    support_table_take(&fx, support_pause_until(&fx, "backup", SUPPORT_WALL_MS + HOUR));
    assert_true(table_job_is_paused(job("backup"), SUPPORT_WALL_MS));
    assert_true(table_job_is_paused(job("backup"), SUPPORT_WALL_MS + HOUR - 1));
    assert_false(table_job_is_paused(job("backup"), SUPPORT_WALL_MS + HOUR));
}

// --- deletes -----------------------------------------------------------------

static void a_delete_beats_every_edit_of_its_life(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    assert_int_equal(support_table_take(&fx, support_delete(&fx, &fx.bob, "backup", 2, 5)), 0);
    assert_int_equal(support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 99)),
                     TABLE_SUPERSEDED);
    assert_int_equal(job("backup")->life, 2);
    assert_null(job("backup")->active);
    assert_null(table_definition(&fx.table, job("backup")));
    assert_int_equal(fx.table.live.count, 1); // the tombstone
}

static void a_new_life_leaves_the_old_pauses_behind(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    support_table_take(&fx, support_pause(&fx, &fx.alice, "backup", 1, 5));
    support_table_take(&fx, support_delete(&fx, &fx.bob, "backup", 2, 6));
    assert_int_equal(support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 3, 1)), 0);
    assert_int_equal(job("backup")->life, 3);
    assert_false(table_job_is_paused(job("backup"), SUPPORT_WALL_MS));
    assert_int_equal(fx.table.live.count, 2); // the tombstone stays: nothing resurrects
    assert_int_equal(support_table_take(&fx, support_define(&fx, &fx.bob, "backup", 1, 50)),
                     TABLE_SUPERSEDED);
    assert_int_equal(job("backup")->active->life, 3);
}

// --- revocation --------------------------------------------------------------

static void a_definition_signed_before_its_signer_s_revocation_keeps_its_place_and_is_denied(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.bob, "backup", 1, 1)); // stamp 101
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 2));
    revoke(SUPPORT_ALICE, 5000);
    assert_int_equal(job("backup")->active->version, 2); // not back to what the edit replaced
    assert_int_equal(table_job_permission(job("backup")), PERMISSION_REVOKED);
    assert_false(table_job_is_runnable(job("backup")));
    support_table_take(&fx, support_define(&fx, &fx.bob, "backup", 1, 3)); // adopted
    assert_true(table_job_is_runnable(job("backup")));
}

static void a_definition_signed_after_the_revocation_never_was(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.bob, "backup", 1, 1));
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 2));
    struct support_record late = support_define(&fx, &fx.alice, "backup", 1, 3);
    revoke(SUPPORT_ALICE, 1); // its stamps are 102 and 103
    assert_int_equal(job("backup")->active->version, 1);
    assert_true(table_job_is_runnable(job("backup")));
    assert_int_equal(support_table_add(&fx, &late), TABLE_VOID);
    support_record_deinit(&late);
}

static void revocation_never_restarts_what_was_stopped(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.bob, "gone", 1, 1));
    support_table_take(&fx, support_define(&fx, &fx.bob, "held", 1, 1));
    support_table_take(&fx, support_delete(&fx, &fx.alice, "gone", 2, 50));
    support_table_take(&fx, support_pause(&fx, &fx.alice, "held", 1, 50));
    struct support_record late = support_pause(&fx, &fx.alice, "held", 1, 60);
    revoke(SUPPORT_ALICE, 10);
    assert_int_equal(job("gone")->life, 2);
    assert_true(table_job_is_paused(job("held"), SUPPORT_WALL_MS));
    assert_int_equal(support_table_add(&fx, &late), 0);
    assert_int_equal(job("held")->open_pause_count, 2);
    support_record_deinit(&late);
}

static void a_resume_stamped_after_the_revocation_lifts_nothing(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.bob, "held", 1, 1));
    struct support_record pause = support_pause(&fx, &fx.bob, "held", 1, 50);
    support_table_add(&fx, &pause);
    support_table_take(&fx, support_resume(&fx, &fx.alice, "held", &pause.id, 60));
    assert_false(table_job_is_paused(job("held"), SUPPORT_WALL_MS));
    revoke(SUPPORT_ALICE, 55);
    assert_true(table_job_is_paused(job("held"), SUPPORT_WALL_MS));
    support_record_deinit(&pause);
}

static void a_recreation_that_is_void_leaves_the_job_deleted(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.bob, "backup", 1, 1));
    support_table_take(&fx, support_delete(&fx, &fx.bob, "backup", 2, 150));
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 3, 1)); // stamp 301
    revoke(SUPPORT_ALICE, 200);
    assert_int_equal(job("backup")->life, 2);
    assert_null(job("backup")->active);
}

// --- orders ------------------------------------------------------------------

static void an_order_is_an_element_of_its_own(void **state)
{
    (void)state;
    struct support_record record = support_order(&fx, &fx.alice, "backup", 0);
    assert_int_equal(support_table_add(&fx, &record), 0);
    const struct table_order *order = table_find_order(&fx.table, &record.id);
    assert_int_equal(order->order.action, ORDER_RUN);
    assert_string_equal(order->order.name, "backup");
    assert_ptr_equal(table_take_changed_order(&fx.table), order);
    assert_null(table_take_changed_order(&fx.table));
    assert_ptr_equal(table_next_order(&fx.table, NULL), order);
    assert_null(table_next_order(&fx.table, order));
    revoke(SUPPORT_ALICE, 5);
    assert_true(table_order_is_denied(table_find_order(&fx.table, &record.id)));
    assert_non_null(table_take_changed_order(&fx.table));
    revoke(SUPPORT_ALICE, -5); // an earlier stamp turns up: now it is void
    assert_null(table_next_order(&fx.table, NULL));
    assert_int_equal(fx.table.live.count, 0);
    support_record_deinit(&record);
}

static void an_order_is_forgotten_a_day_after_its_window(void **state)
{
    (void)state;
    struct support_record record = support_order(&fx, &fx.alice, "backup", 0);
    struct record_id id;
    support_table_add(&fx, &record);
    int64_t end_ms = SUPPORT_WALL_MS + 600000 + DAY;
    int64_t hour_ms = end_ms - end_ms % HOUR;
    table_prune(&fx.table, hour_ms);
    assert_non_null(table_find_order(&fx.table, &record.id));
    table_prune(&fx.table, hour_ms + HOUR);
    assert_null(table_find_order(&fx.table, &record.id));
    assert_true(table_take_dropped(&fx.table, &id));
    assert_true(hash_equal(&id.hash, &record.id.hash));
    assert_int_equal(fx.table.live.count, 0);
    assert_int_equal(support_table_add(&fx, &record), TABLE_EXPIRED); // a peer that has not pruned yet
    support_record_deinit(&record);
}

static void pruning_forgets_the_superseded_and_changes_nothing_else(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 2));
    struct support_record pause = support_pause(&fx, &fx.bob, "backup", 1, 50);
    support_table_add(&fx, &pause);
    support_table_take(&fx, support_resume(&fx, &fx.alice, "backup", &pause.id, 60));
    support_table_take(&fx, support_delete(&fx, &fx.alice, "gone", 2, 60));
    struct hash before = table_digest(&fx.table);
    table_prune(&fx.table, SUPPORT_WALL_MS + 36 * DAY);
    struct hash after = table_digest(&fx.table);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(fx.table.records.count, 3); // definition 2, resume, tombstone
    assert_false(table_job_is_paused(job("backup"), SUPPORT_WALL_MS));
    support_record_deinit(&pause);
}

static void a_pause_with_an_end_is_forgotten_a_day_after_it(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    support_table_take(&fx, support_pause_until(&fx, "backup", SUPPORT_WALL_MS + HOUR));
    support_table_take(&fx, support_pause_until(&fx, "nothing", SUPPORT_WALL_MS + HOUR));
    assert_non_null(job("nothing"));
    while (table_take_changed_job(&fx.table))
        ;
    assert_int_equal(table_live(&fx.table).count, 2);
    table_prune(&fx.table, SUPPORT_WALL_MS + 2 * DAY);
    assert_int_equal(job("backup")->open_pause_count, 0);
    assert_int_equal(table_live(&fx.table).count, 1);
    assert_ptr_equal(table_take_changed_job(&fx.table), job("backup"));
    assert_null(job("nothing")); // no record, no name
}

// --- what a person's node refuses -------------------------------------------

static int submit(struct support_record record)
{
    struct record_id id;
    int outcome = table_submit(&fx.table, &fx.trust.log, buffer_view(&record.envelope), SUPPORT_WALL_MS, &id);
    support_record_deinit(&record);
    return outcome;
}

static void pausing_an_unknown_job_is_refused(void **state)
{
    (void)state;
    assert_int_equal(submit(support_pause(&fx, &fx.alice, "backup", 1, 10)), TABLE_NO_JOB);
    assert_int_equal(submit(support_delete(&fx, &fx.alice, "backup", 2, 10)), TABLE_NO_JOB);
    assert_null(job("backup"));
}

static void an_edit_of_what_changed_meanwhile_is_refused(void **state)
{
    (void)state;
    assert_int_equal(submit(support_define(&fx, &fx.alice, "backup", 1, 1)), 0);
    assert_int_equal(submit(support_define(&fx, &fx.bob, "backup", 1, 1)), TABLE_STALE);
    assert_int_equal(submit(support_define(&fx, &fx.bob, "backup", 3, 1)), TABLE_STALE);
    assert_int_equal(submit(support_define(&fx, &fx.bob, "backup", 1, 2)), 0);
    assert_int_equal(submit(support_delete(&fx, &fx.bob, "backup", 4, 5)), TABLE_STALE);
    assert_int_equal(submit(support_delete(&fx, &fx.bob, "backup", 2, 5)), 0);
    assert_int_equal(submit(support_define(&fx, &fx.alice, "backup", 1, 3)), TABLE_STALE);
    assert_int_equal(submit(support_define(&fx, &fx.alice, "backup", 3, 1)), 0);
}

static void a_stamp_from_the_future_is_refused(void **state)
{
    (void)state;
    submit(support_define(&fx, &fx.alice, "backup", 1, 1));
    assert_int_equal(submit(support_pause(&fx, &fx.alice, "backup", 1, 60001)), TABLE_AHEAD);
    assert_int_equal(submit(support_pause(&fx, &fx.alice, "backup", 1, 59999)), 0);
}

static void the_seventeenth_open_pause_is_refused_but_merged(void **state)
{
    (void)state;
    submit(support_define(&fx, &fx.alice, "backup", 1, 1));
    for (int i = 0; i < LIMIT_OPEN_PAUSE_COUNT_MAX; i++)
        assert_int_equal(submit(support_pause(&fx, &fx.alice, "backup", 1, i)), 0);
    struct support_record one_more = support_pause(&fx, &fx.alice, "backup", 1, 100);
    struct record_id id;
    assert_int_equal(
        table_submit(&fx.table, &fx.trust.log, buffer_view(&one_more.envelope), SUPPORT_WALL_MS, &id),
        TABLE_TOO_MANY_PAUSES);
    assert_int_equal(support_table_add(&fx, &one_more), 0);
    support_record_deinit(&one_more);
}

// --- what the core builds on -------------------------------------------------

static void changes_are_told_once_per_name(void **state)
{
    (void)state;
    support_table_take(&fx, support_define(&fx, &fx.alice, "b", 1, 1));
    support_table_take(&fx, support_define(&fx, &fx.alice, "a", 1, 1));
    support_table_take(&fx, support_pause(&fx, &fx.alice, "b", 1, 10));
    assert_ptr_equal(table_take_changed_job(&fx.table), job("b"));
    assert_ptr_equal(table_take_changed_job(&fx.table), job("a"));
    assert_null(table_take_changed_job(&fx.table));
    support_table_take(&fx, support_define(&fx, &fx.alice, "b", 1, 1)); // known
    assert_null(table_take_changed_job(&fx.table));
    revoke(SUPPORT_ALICE, 5000); // now denied
    assert_non_null(table_take_changed_job(&fx.table));
    assert_non_null(table_take_changed_job(&fx.table));
    assert_null(table_take_changed_job(&fx.table));
}

static void only_definitions_asked_for_of_late_stay_decoded(void **state)
{
    enum { COUNT = TABLE_JOB_DECODED_COUNT_MAX + 10 };
    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < COUNT; i++) {
            char name[16];
            snprintf(name, sizeof name, "job-%d", i);
            if (round == 0)
                support_table_take(&fx, support_define(&fx, &fx.alice, name, 1, (uint64_t)i + 1));
            const struct definition *definition = table_definition(&fx.table, job(name));
            assert_string_equal(definition->name, name);
            assert_ptr_equal(table_definition(&fx.table, job(name)), definition);
        }
    assert_int_equal(fx.table.decoded->count, TABLE_JOB_DECODED_COUNT_MAX);
    assert_null(job("job-0")->decoded);
    assert_non_null(job("job-20")->decoded);
    support_table_take(&fx, support_delete(&fx, &fx.bob, "job-20", 2, 1000));
    assert_int_equal(fx.table.decoded->count, TABLE_JOB_DECODED_COUNT_MAX - 1);
}

static void jobs_are_walked_in_name_order(void **state)
{
    (void)state;
    const char *const names[] = {"m", "z", "a", "k"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        support_table_take(&fx, support_define(&fx, &fx.alice, names[i], 1, 1));
    char walked[8] = "";
    struct table_job *next = NULL;
    while ((next = table_next_job(&fx.table, next)))
        strcat(walked, table_job_get_key(next).name);
    assert_string_equal(walked, "akmz");
}

static void a_restored_table_is_the_same_table(void **state)
{
    (void)state;
    struct support_record pause = support_pause(&fx, &fx.bob, "backup", 1, 50);
    support_table_take(&fx, support_define(&fx, &fx.alice, "backup", 1, 1));
    support_table_take(&fx, support_define(&fx, &fx.bob, "backup", 1, 1));
    support_table_add(&fx, &pause);
    support_table_take(&fx, support_order(&fx, &fx.alice, "backup", 0));
    support_table_take(&fx, support_delete(&fx, &fx.alice, "gone", 2, 5));
    struct table other;
    table_init(&other);
    const struct tree_node *node = tree_find_first(&fx.table.records);
    for (; node;
         node = tree_find_after(&fx.table.records, &((const struct table_record *)(const void *)node)->id)) {
        const struct table_record *record = (const struct table_record *)(const void *)node;
        assert_int_equal(table_restore(&other, &fx.trust.log, table_record_bytes(record)), 0);
        assert_int_equal(table_restore(&other, &fx.trust.log, table_record_bytes(record)), TABLE_KNOWN);
    }
    struct hash mine = table_digest(&fx.table), theirs = table_digest(&other);
    assert_true(hash_equal(&mine, &theirs));
    table_deinit(&other);
    support_record_deinit(&pause);
}

static void the_fingerprint_is_that_of_the_live_list(void **state)
{
    (void)state;
    char name[NAME_ROOM];
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "job-%d", i % 20);
        support_table_take(&fx,
                           support_define(&fx, i % 2 ? &fx.alice : &fx.bob, name, 1, (uint64_t)(1 + i % 3)));
        if (i % 5 == 0)
            support_table_take(&fx, support_delete(&fx, &fx.alice, name, 2, i));
        struct reconcile_view view = table_live(&fx.table);
        struct fingerprint sum = {0};
        for (size_t k = 0; k < view.count; k++) {
            fingerprint_add(&sum, &view.items[k].id);
            assert_true(k == 0 || reconcile_item_compare(&view.items[k - 1], &view.items[k]) < 0);
        }
        struct hash expected = fingerprint_hash(&sum), told = table_fingerprint(&fx.table);
        assert_true(hash_equal(&expected, &told));
    }
}

static void noise_is_refused(void **state)
{
    (void)state;
    struct support_record record = support_define(&fx, &fx.alice, "backup", 1, 1);
    struct record_id id;
    for (size_t size = 0; size < record.envelope.size; size++)
        assert_int_equal(table_add(&fx.table, &fx.trust.log, bytes_of(record.envelope.data, size), &id),
                         TABLE_MALFORMED);
    for (size_t bit = 0; bit < 8 * record.envelope.size; bit += 7) {
        record.envelope.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(table_add(&fx.table, &fx.trust.log, buffer_view(&record.envelope), &id) >
                    TABLE_SUPERSEDED);
        record.envelope.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    struct buffer entry = {0};
    support_trust_entry(&fx.trust, support_revoke(SUPPORT_NODE, 1), &entry);
    assert_int_equal(table_add(&fx.table, &fx.trust.log, buffer_view(&entry), &id), TABLE_WRONG_KIND);
    assert_int_equal(fx.table.records.count, 0);
    buffer_deinit(&entry);
    support_record_deinit(&record);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_definition_makes_a_job),
        TEST(a_record_is_taken_once_and_never_with_another_signature),
        TEST(strangers_nodes_and_roots_define_nothing),
        TEST(an_operator_stays_within_its_scope),
        TEST(the_user_of_a_definition_is_part_of_the_scope),
        TEST(a_record_under_a_newer_log_waits_for_the_log),
        TEST(the_higher_version_is_active_whatever_comes_first),
        TEST(only_a_few_superseded_definitions_are_kept),
        TEST(a_pause_holds_until_a_resume_names_it),
        TEST(a_resume_that_comes_before_its_pause_works),
        TEST(a_resume_of_another_job_lifts_nothing),
        TEST(a_pause_before_its_definition_holds_from_the_start),
        TEST(a_pause_with_an_end_ends_by_the_caller_s_clock),
        TEST(a_delete_beats_every_edit_of_its_life),
        TEST(a_new_life_leaves_the_old_pauses_behind),
        TEST(a_definition_signed_before_its_signer_s_revocation_keeps_its_place_and_is_denied),
        TEST(a_definition_signed_after_the_revocation_never_was),
        TEST(revocation_never_restarts_what_was_stopped),
        TEST(a_resume_stamped_after_the_revocation_lifts_nothing),
        TEST(a_recreation_that_is_void_leaves_the_job_deleted),
        TEST(an_order_is_an_element_of_its_own),
        TEST(an_order_is_forgotten_a_day_after_its_window),
        TEST(pruning_forgets_the_superseded_and_changes_nothing_else),
        TEST(a_pause_with_an_end_is_forgotten_a_day_after_it),
        TEST(pausing_an_unknown_job_is_refused),
        TEST(an_edit_of_what_changed_meanwhile_is_refused),
        TEST(a_stamp_from_the_future_is_refused),
        TEST(the_seventeenth_open_pause_is_refused_but_merged),
        TEST(changes_are_told_once_per_name),
        TEST(only_definitions_asked_for_of_late_stay_decoded),
        TEST(jobs_are_walked_in_name_order),
        TEST(a_restored_table_is_the_same_table),
        TEST(the_fingerprint_is_that_of_the_live_list),
        TEST(noise_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
