// test_conflicts.c - of edits that did not know of each other one wins, and the others are shown until
// somebody saw them.
#include "tests/unit/support_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct support_table fx;

static int begin(void **state)
{
    (void)state;
    support_table_init(&fx);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    support_table_deinit(&fx);
    return 0;
}

static struct table_job *job(const char *name)
{
    struct table_job *found = table_find_job(&fx.table, "main", name);
    assert_non_null(found);
    return found;
}

static void the_loser_of_two_edits_is_kept_as_a_conflict(void **state)
{
    (void)state;
    struct support_record mine = support_define(&fx, &fx.alice, "backup", 1, 2);
    struct support_record theirs = support_define(&fx, &fx.bob, "backup", 1, 2);
    assert_int_equal(support_table_add(&fx, &mine), 0);
    assert_int_equal(support_table_add(&fx, &theirs), 0);
    bool mine_wins = memcmp(&mine.id, &theirs.id, sizeof mine.id) > 0; // equal stamps: the higher id
    const struct record_id *loser = mine_wins ? &theirs.id : &mine.id;
    assert_int_equal(job("backup")->conflict_count, 1);
    const struct table_record *conflict = table_job_next_conflict(job("backup"), NULL);
    assert_true(hash_equal(&conflict->id.hash, &loser->hash));
    assert_null(table_job_next_conflict(job("backup"), conflict));
    assert_int_equal(support_table_take(&fx, support_define(&fx, &fx.bob, "backup", 1, 3)), 0);
    assert_int_equal(job("backup")->conflict_count, 0); // the next edit settles it
    support_record_deinit(&mine);
    support_record_deinit(&theirs);
}

// Two sides of a cut edited version 1; one of them went on to version 3 without knowing.
static void who_edits_twice_hides_nobody(void **state)
{
    (void)state;
    struct support_record first = support_define(&fx, &fx.alice, "backup", 1, 1);
    struct support_record mine = support_edit(&fx, &fx.alice, 2, &first.id, 1);
    struct support_record theirs = support_edit(&fx, &fx.bob, 2, &first.id, 1);
    struct support_record again = support_edit(&fx, &fx.bob, 3, &theirs.id, 1);
    const struct record_id all[] = {again.id, mine.id};
    struct support_record settled = support_edit(&fx, &fx.alice, 4, all, 2);
    assert_int_equal(support_table_add(&fx, &first), 0);
    assert_int_equal(support_table_add(&fx, &theirs), 0);
    assert_int_equal(support_table_add(&fx, &again), 0);
    assert_int_equal(job("backup")->conflict_count, 0);
    assert_int_equal(support_table_add(&fx, &mine), 0);
    assert_int_equal(job("backup")->conflict_count, 1);
    assert_true(hash_equal(&table_job_next_conflict(job("backup"), NULL)->id.hash, &mine.id.hash));
    assert_int_equal(support_table_add(&fx, &settled), 0);
    assert_int_equal(job("backup")->conflict_count, 0);
    support_record_deinit(&first);
    support_record_deinit(&mine);
    support_record_deinit(&theirs);
    support_record_deinit(&again);
    support_record_deinit(&settled);
}

static void a_conflict_that_was_seen_is_settled_by_the_next_edit(void **state)
{
    (void)state;
    struct support_record mine = support_define(&fx, &fx.alice, "backup", 1, 2);
    struct support_record theirs = support_define(&fx, &fx.bob, "backup", 1, 2);
    const struct record_id both[] = {mine.id, theirs.id};
    struct support_record blind = support_edit(&fx, &fx.alice, 3, both, 1);
    struct support_record seeing = support_edit(&fx, &fx.bob, 3, both, 2);
    assert_int_equal(support_table_add(&fx, &mine), 0);
    assert_int_equal(support_table_add(&fx, &theirs), 0);
    assert_int_equal(support_table_add(&fx, &seeing), 0);
    assert_int_equal(job("backup")->conflict_count, 0);
    support_table_deinit(&fx);
    support_table_init(&fx);
    assert_int_equal(support_table_add(&fx, &mine), 0);
    assert_int_equal(support_table_add(&fx, &theirs), 0);
    assert_int_equal(support_table_add(&fx, &blind), 0);
    assert_int_equal(job("backup")->conflict_count, 1);
    support_record_deinit(&mine);
    support_record_deinit(&theirs);
    support_record_deinit(&blind);
    support_record_deinit(&seeing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_loser_of_two_edits_is_kept_as_a_conflict, begin, finish),
        cmocka_unit_test_setup_teardown(who_edits_twice_hides_nobody, begin, finish),
        cmocka_unit_test_setup_teardown(a_conflict_that_was_seen_is_settled_by_the_next_edit, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
