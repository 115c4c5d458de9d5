// test_known.c - what a node knows of due times is the same whatever came first.
#include "node/core/ledger/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct node_id anna = {{1}}, bert = {{2}};

static struct ledger_occurrence occurrence_at(int64_t due_ms)
{
    return (struct ledger_occurrence){.job = "main/a", .life = 1, .schedule_version = 1, .due_ms = due_ms};
}

static struct ledger_claim claim_of(const struct node_id *executor, int64_t due_ms, uint64_t epoch)
{
    struct ledger_claim claim = {.occurrence = occurrence_at(due_ms),
                                 .executor = *executor,
                                 .executor_generation = 1,
                                 .attempt = 1,
                                 .epoch = {epoch, *executor},
                                 .count = 1,
                                 .at_ms = due_ms - 2000};
    const struct occurrence occurrence = {
        .job = "main/a", .life = 1, .schedule_version = 1, .due_ms = due_ms};
    struct occurrence_id id = occurrence_id_of(&occurrence);
    claim.run = run_id_of(&id, executor, 1, 1);
    return claim;
}

static struct ledger_result result_of(const struct ledger_claim *claim, enum ledger_status status)
{
    return (struct ledger_result){.occurrence = claim->occurrence,
                                  .run = claim->run,
                                  .attempt = claim->attempt,
                                  .status = status,
                                  .reason = "",
                                  .ended_ms = claim->occurrence.due_ms + 500,
                                  .count = 1,
                                  .generation = claim->executor_generation};
}

static const struct known_due *due_at(const struct known *known, int64_t due_ms)
{
    struct ledger_occurrence occurrence = occurrence_at(due_ms);
    struct known_key key = known_key_of(&occurrence, due_ms);
    return known_find(known, &key);
}

static void a_claim_covers_every_due_time_it_names(void **state)
{
    (void)state;
    struct known known = {0};
    struct ledger_claim claim = claim_of(&anna, 10000, 1);
    claim.count = 5;
    claim.step_ms = 1000;
    known_claim(&known, "main/a", &claim, &anna);
    assert_int_equal(known.count, 5);
    for (int64_t due_ms = 10000; due_ms < 15000; due_ms += 1000) {
        const struct known_due *due = due_at(&known, due_ms);
        assert_non_null(due);
        assert_non_null(known_open_attempt(due));
        assert_int_equal(due->status, LEDGER_OPEN);
    }
    assert_null(due_at(&known, 15000));
    known_deinit(&known);
}

static void a_result_before_its_claim_gives_the_same(void **state)
{
    (void)state;
    struct ledger_claim claim = claim_of(&anna, 10000, 3);
    struct ledger_result result = result_of(&claim, LEDGER_OK);
    for (int order = 0; order < 2; order++) {
        struct known known = {0};
        if (order == 0)
            known_claim(&known, "main/a", &claim, &anna);
        known_result(&known, "main/a", &result, &anna);
        if (order == 1)
            known_claim(&known, "main/a", &claim, &anna);
        const struct known_due *due = due_at(&known, 10000);
        assert_int_equal(due->attempt_count, 1);
        assert_int_equal(due->status, LEDGER_OK);
        assert_int_equal(due->attempts[0].status, LEDGER_OK);
        assert_int_equal(due->attempts[0].epoch.number, 3);
        assert_null(known_open_attempt(due));
        known_deinit(&known);
    }
}

static void a_status_never_falls(void **state)
{
    (void)state;
    struct known known = {0};
    struct ledger_claim of_anna = claim_of(&anna, 10000, 1), of_bert = claim_of(&bert, 10000, 2);
    struct ledger_result failed = result_of(&of_anna, LEDGER_FAILED), ok = result_of(&of_bert, LEDGER_OK);
    known_result(&known, "main/a", &ok, &bert);
    known_result(&known, "main/a", &failed, &anna);
    assert_int_equal(due_at(&known, 10000)->status, LEDGER_OK);
    known_deinit(&known);
}

static void of_two_open_claims_the_higher_epoch_counts(void **state)
{
    (void)state;
    struct known known = {0};
    struct ledger_claim of_anna = claim_of(&anna, 10000, 7), of_bert = claim_of(&bert, 10000, 8);
    known_claim(&known, "main/a", &of_bert, &bert);
    known_claim(&known, "main/a", &of_anna, &anna);
    const struct known_attempt *open = known_open_attempt(due_at(&known, 10000));
    assert_true(node_id_equal(&open->executor, &bert));
    known_deinit(&known);
}

static void a_verdict_settles_what_was_claimed_in_its_stretch(void **state)
{
    (void)state;
    struct known known = {0};
    struct ledger_claim early = claim_of(&anna, 10000, 1), late = claim_of(&anna, 30000, 1);
    known_claim(&known, "main/a", &early, &anna);
    known_claim(&known, "main/a", &late, &anna);
    const struct ledger_verdict verdict = {.occurrence = occurrence_at(5000),
                                           .last_due_ms = 20000,
                                           .count = 16,
                                           .status = LEDGER_SKIPPED,
                                           .reason = "paused",
                                           .at_ms = 21000};
    known_verdict(&known, &verdict);
    assert_int_equal(known.count, 2);
    assert_int_equal(due_at(&known, 10000)->status, LEDGER_SKIPPED);
    assert_int_equal(due_at(&known, 30000)->status, LEDGER_OPEN);
    known_deinit(&known);
}

static void open_due_times_are_never_forgotten(void **state)
{
    (void)state;
    struct known known = {0};
    for (int64_t due_ms = 0; due_ms < 200000; due_ms += 1000) {
        struct ledger_claim claim = claim_of(&anna, due_ms, 1);
        struct ledger_result result = result_of(&claim, LEDGER_OK);
        known_claim(&known, "main/a", &claim, &anna);
        if (due_ms % 10000)
            known_result(&known, "main/a", &result, &anna);
    }
    known_forget(&known, 1000000, 4);
    assert_int_equal(known.count, 20 + 4);
    for (int64_t due_ms = 0; due_ms < 200000; due_ms += 10000)
        assert_non_null(due_at(&known, due_ms));
    assert_non_null(due_at(&known, 199000));
    known_deinit(&known);
}

enum { PIECE_COUNT = 5 };

// A block of claims, the range of its ends, and what another node did and judged meanwhile.
static void learn(struct known *known, int piece)
{
    static const uint32_t late_ms[4] = {1, 2, 3, 4}, took_ms[4] = {50, 50, 50, 50};
    struct ledger_claim block = claim_of(&anna, 10000, 1), again = claim_of(&bert, 12000, 2);
    struct ledger_result range = result_of(&block, LEDGER_OK), failed = result_of(&again, LEDGER_FAILED);
    const struct ledger_verdict lost = {.occurrence = occurrence_at(11000),
                                        .last_due_ms = 13000,
                                        .count = 3,
                                        .status = LEDGER_LOST,
                                        .reason = "",
                                        .at_ms = 21000};
    block.count = range.count = 5;
    block.step_ms = range.step_ms = 1000;
    range.late_ms = late_ms;
    range.took_ms = took_ms;
    if (piece == 0)
        known_claim(known, "main/a", &block, &anna);
    else if (piece == 1)
        known_result(known, "main/a", &range, &anna);
    else if (piece == 2)
        known_claim(known, "main/a", &again, &bert);
    else if (piece == 3)
        known_result(known, "main/a", &failed, &bert);
    else
        known_verdict(known, &lost);
}

static void expect_all_ok(const struct known *known)
{
    assert_int_equal(known->count, 5);
    for (int64_t due_ms = 10000; due_ms < 15000; due_ms += 1000) {
        const struct known_due *due = due_at(known, due_ms);
        assert_int_equal(due->status, LEDGER_OK);
        assert_null(known_open_attempt(due));
        assert_int_equal(due->attempt_count, due_ms == 12000 ? 2 : 1);
    }
}

static void a_range_says_the_same_whatever_came_first(void **state)
{
    (void)state;
    for (int order = 0; order < 120; order++) {
        struct known known = {0};
        int left[PIECE_COUNT] = {0, 1, 2, 3, 4};
        for (int count = PIECE_COUNT, rest = order; count > 0; count--) {
            int at = rest % count;
            rest /= count;
            learn(&known, left[at]);
            memmove(&left[at], &left[at + 1], (size_t)(count - at - 1) * sizeof *left);
        }
        expect_all_ok(&known);
        known_deinit(&known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_covers_every_due_time_it_names),
        cmocka_unit_test(a_result_before_its_claim_gives_the_same),
        cmocka_unit_test(a_status_never_falls),
        cmocka_unit_test(of_two_open_claims_the_higher_epoch_counts),
        cmocka_unit_test(a_verdict_settles_what_was_claimed_in_its_stretch),
        cmocka_unit_test(open_due_times_are_never_forgotten),
        cmocka_unit_test(a_range_says_the_same_whatever_came_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
