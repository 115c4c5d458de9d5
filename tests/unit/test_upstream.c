// test_upstream.c - jobs after other jobs: which ends make them due, and that everybody names that alike.
#include "node/core/trigger/upstream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const BOTH[] = {"main/a", "main/b"};
static const char *const EVERYBODY[] = {"*"};

static const struct definition_trigger ANY = {.kind = DEFINITION_AFTER, .jobs = BOTH, .job_count = 2};
static const struct definition_trigger JOIN = {
    .kind = DEFINITION_AFTER, .jobs = BOTH, .job_count = 2, .all = true};
static const struct definition_trigger LATEST = {
    .kind = DEFINITION_AFTER, .jobs = BOTH, .job_count = 2, .all = true, .latest = true};
static const struct definition_trigger ALERT = {
    .kind = DEFINITION_AFTER, .jobs = EVERYBODY, .job_count = 1, .outcome = DEFINITION_OUTCOME_NOT_OK};

static struct upstream_end end_of(const char *job, int64_t due_ms, enum ledger_status status)
{
    return (struct upstream_end){.job = job,
                                 .occurrence = {{{(uint8_t)job[5], (uint8_t)due_ms}}},
                                 .due_ms = due_ms,
                                 .status = status,
                                 .ended_ms = due_ms + 10};
}

// The cause that the last of these ends makes for main/down. False: it is not due by it.
static bool cause_of(const struct definition_trigger *trigger, const struct upstream_end *ends, size_t count,
                     struct hash *ret_cause)
{
    size_t chosen[LIMIT_UPSTREAM_COUNT_MAX];
    struct upstream_end found[LIMIT_UPSTREAM_COUNT_MAX];
    const struct upstream_trigger of = {"main/down", trigger, 0};
    size_t chosen_count = upstream_choose(&of, ends, count, count - 1, chosen);
    for (size_t i = 0; i < chosen_count; i++)
        found[i] = ends[chosen[i]];
    return chosen_count && upstream_cause(&of, found, chosen_count, ret_cause);
}

static void each_end_of_any_job_is_an_occurrence_of_its_own(void **state)
{
    (void)state;
    const struct upstream_end ends[] = {end_of("main/a", 100, LEDGER_OK), end_of("main/b", 100, LEDGER_OK)};
    struct hash first, second;
    assert_true(cause_of(&ANY, ends, 1, &first));
    assert_true(cause_of(&ANY, ends, 2, &second));
    assert_true(hash_equal(&first, &ends[0].occurrence.hash));
    assert_true(hash_equal(&second, &ends[1].occurrence.hash));
}

static void what_ended_otherwise_or_is_not_named_makes_nothing_due(void **state)
{
    (void)state;
    struct hash cause;
    const struct upstream_end failed = end_of("main/a", 100, LEDGER_FAILED),
                              other = end_of("main/c", 100, LEDGER_OK),
                              open = end_of("main/a", 100, LEDGER_OPEN);
    assert_false(cause_of(&ANY, &failed, 1, &cause));
    assert_false(cause_of(&ANY, &other, 1, &cause));
    assert_false(cause_of(&ANY, &open, 1, &cause));
}

static void every_outcome_but_ok_is_not_ok(void **state)
{
    (void)state;
    for (int status = LEDGER_DENIED; status < LEDGER_OK; status++)
        assert_true(upstream_fits(&ALERT, (enum ledger_status)status));
    assert_false(upstream_fits(&ALERT, LEDGER_OK));
    assert_false(upstream_fits(&ALERT, LEDGER_OPEN));
    struct definition_trigger any = ALERT;
    any.outcome = DEFINITION_OUTCOME_ANY;
    assert_true(upstream_fits(&any, LEDGER_OK));
    assert_true(upstream_fits(&any, LEDGER_MISSED));
}

static void a_job_never_comes_after_itself(void **state)
{
    (void)state;
    assert_true(upstream_is_named(&ALERT, "main/alert", "main/a", false));
    assert_true(upstream_is_named(&ALERT, "main/alert", "night/a", false));
    assert_false(upstream_is_named(&ALERT, "main/alert", "main/alert", true));
}

static void a_hook_does_not_hear_of_hooks(void **state)
{
    (void)state;
    const struct definition hook = {.triggers = &ALERT, .trigger_count = 1},
                            plain = {.triggers = &ANY, .trigger_count = 1};
    assert_true(upstream_is_hook(&hook));
    assert_false(upstream_is_hook(&plain));
    assert_false(upstream_is_named(&ALERT, "main/alert", "main/page", true));
    assert_true(upstream_is_named(&ANY, "main/alert", "main/a", true)); // who names it, hears of it
    assert_true(upstream_means("main/*", "main/a", false));
    assert_false(upstream_means("main/*", "main/a", true));
    assert_false(upstream_means("night/*", "main/a", false));
    assert_true(upstream_means("main/a*", "main/a", true));
}

static void a_join_waits_for_all_of_one_due_time(void **state)
{
    (void)state;
    struct hash cause, other_way;
    const struct upstream_end apart[] = {end_of("main/a", 100, LEDGER_OK), end_of("main/b", 200, LEDGER_OK)};
    const struct upstream_end ends[] = {end_of("main/a", 100, LEDGER_OK), end_of("main/a", 200, LEDGER_OK),
                                        end_of("main/b", 100, LEDGER_OK)};
    const struct upstream_end turned[] = {ends[2], ends[0]};
    assert_false(cause_of(&JOIN, apart, 2, &cause));
    assert_true(cause_of(&JOIN, ends, 3, &cause));
    assert_true(cause_of(&JOIN, turned, 2, &other_way));
    assert_true(hash_equal(&cause, &other_way));
}

static void a_join_is_due_by_an_attempt_that_ended_well_after_one_that_did_not(void **state)
{
    (void)state;
    struct hash cause;
    struct upstream_end ends[] = {end_of("main/a", 100, LEDGER_OK), end_of("main/a", 100, LEDGER_LOST),
                                  end_of("main/b", 100, LEDGER_OK)};
    ends[1].ended_ms = 999;
    assert_true(cause_of(&JOIN, ends, 3, &cause));
}

// b and c come after a; what comes after both meets again by the occurrence of a.
static void two_jobs_after_a_third_are_joined_by_its_occurrence(void **state)
{
    (void)state;
    struct hash cause;
    struct upstream_end ends[] = {end_of("main/a", 0, LEDGER_OK), end_of("main/b", 0, LEDGER_OK)};
    ends[0].cause.b[0] = ends[1].cause.b[0] = 7;
    assert_true(cause_of(&JOIN, ends, 2, &cause));
    ends[1].cause.b[0] = 8;
    assert_false(cause_of(&JOIN, ends, 2, &cause));
}

static void the_latest_of_all_must_fit_whatever_their_due_times(void **state)
{
    (void)state;
    struct hash first, second;
    const struct upstream_end ends[] = {end_of("main/a", 100, LEDGER_OK), end_of("main/b", 200, LEDGER_OK),
                                        end_of("main/b", 300, LEDGER_OK)};
    const struct upstream_end spoilt[] = {ends[0], end_of("main/a", 150, LEDGER_FAILED), ends[1]};
    assert_true(cause_of(&LATEST, ends, 2, &first));
    assert_true(cause_of(&LATEST, ends, 3, &second));
    assert_false(hash_equal(&first, &second));
    assert_false(cause_of(&LATEST, spoilt, 3, &first));
}

static void ends_shown_that_were_not_chosen_so_make_no_cause(void **state)
{
    (void)state;
    struct hash cause;
    const struct upstream_trigger join = {"main/down", &JOIN, 0}, any = {"main/down", &ANY, 0},
                                  own = {"main/a", &ALERT, 0};
    struct upstream_end ends[] = {end_of("main/a", 100, LEDGER_OK), end_of("main/b", 100, LEDGER_OK),
                                  end_of("main/b", 200, LEDGER_OK), end_of("main/b", 100, LEDGER_FAILED)};
    assert_true(upstream_cause(&join, ends, 2, &cause));
    assert_false(upstream_cause(&join, ends, 1, &cause));
    assert_false(upstream_cause(&join, ends, 3, &cause));
    assert_false(upstream_cause(&join, ends + 1, 2, &cause)); // b twice
    assert_false(upstream_cause(&any, ends, 2, &cause));
    const struct upstream_end two_times[] = {ends[0], ends[2]}, failed[] = {ends[0], ends[3]},
                              turned[] = {ends[1], ends[0]};
    assert_false(upstream_cause(&join, two_times, 2, &cause));
    assert_false(upstream_cause(&join, failed, 2, &cause));
    assert_false(upstream_cause(&join, turned, 2, &cause));
    const struct upstream_end mine = end_of("main/a", 100, LEDGER_FAILED);
    assert_false(upstream_cause(&own, &mine, 1, &cause));
}

static void each_trigger_of_each_job_has_its_own_join(void **state)
{
    (void)state;
    const struct upstream_end ends[] = {end_of("main/a", 100, LEDGER_OK), end_of("main/b", 100, LEDGER_OK)};
    const struct upstream_trigger of[] = {{"main/x", &JOIN, 0}, {"main/x", &JOIN, 1}, {"main/y", &JOIN, 0}};
    struct hash causes[3];
    for (size_t i = 0; i < 3; i++)
        assert_true(upstream_cause(&of[i], ends, 2, &causes[i]));
    assert_false(hash_equal(&causes[0], &causes[1]));
    assert_false(hash_equal(&causes[0], &causes[2]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_of_any_job_is_an_occurrence_of_its_own),
        cmocka_unit_test(what_ended_otherwise_or_is_not_named_makes_nothing_due),
        cmocka_unit_test(every_outcome_but_ok_is_not_ok),
        cmocka_unit_test(a_job_never_comes_after_itself),
        cmocka_unit_test(a_hook_does_not_hear_of_hooks),
        cmocka_unit_test(a_join_waits_for_all_of_one_due_time),
        cmocka_unit_test(a_join_is_due_by_an_attempt_that_ended_well_after_one_that_did_not),
        cmocka_unit_test(two_jobs_after_a_third_are_joined_by_its_occurrence),
        cmocka_unit_test(the_latest_of_all_must_fit_whatever_their_due_times),
        cmocka_unit_test(ends_shown_that_were_not_chosen_so_make_no_cause),
        cmocka_unit_test(each_trigger_of_each_job_has_its_own_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
