// test_ledger.c - records of due times survive the journey, and what breaks a bound does not.
#include "tests/fuzz/round.h"
#include "tests/unit/support_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

ROUND_LIST(ledger_claim, ledger_claims)
ROUND_LIST(ledger_result, ledger_results)
ROUND_LIST(ledger_verdict, ledger_verdicts)
ROUND_LIST(ledger_cursor, ledger_cursors)
ROUND_LIST(ledger_segment, ledger_segments)
ROUND_LIST_ACCEPTS(ledger_claim, ledger_claims)
ROUND_LIST_ACCEPTS(ledger_result, ledger_results)
ROUND_LIST_ACCEPTS(ledger_verdict, ledger_verdicts)
ROUND_LIST_ACCEPTS(ledger_cursor, ledger_cursors)
ROUND_LIST_ACCEPTS(ledger_segment, ledger_segments)

static const struct ledger_occurrence full_occurrence = {.job = "ops/backup",
                                                         .life = 3,
                                                         .schedule_version = 4,
                                                         .trigger = 5,
                                                         .target = {{6}},
                                                         .due_ms = SUPPORT_WALL_MS};

static struct ledger_claim good_claim(void)
{
    return (struct ledger_claim){.occurrence = full_occurrence,
                                 .run = {{1}},
                                 .executor = {{2}},
                                 .executor_generation = 3,
                                 .attempt = LIMIT_ATTEMPT_MAX,
                                 .epoch = {4, {{5}}},
                                 .follows = {6, {{7}}},
                                 .definition = {{8}},
                                 .count = LIMIT_CLAIM_COUNT_MAX,
                                 .step_ms = 1000,
                                 .at_ms = SUPPORT_WALL_MS - 9};
}

static struct ledger_result good_result(void)
{
    return (struct ledger_result){.occurrence = full_occurrence,
                                  .run = {{1}},
                                  .attempt = 2,
                                  .status = LEDGER_FAILED,
                                  .reason = "killed",
                                  .started_ms = SUPPORT_WALL_MS + 3,
                                  .ended_ms = SUPPORT_WALL_MS + 4,
                                  .exit_code = -1,
                                  .signal = 9,
                                  .output_bytes = 5,
                                  .log = {{6}},
                                  .count = 1,
                                  .generation = 7,
                                  .definition = {{8}}};
}

static struct ledger_verdict good_verdict(void)
{
    return (struct ledger_verdict){.occurrence = full_occurrence,
                                   .last_due_ms = SUPPORT_WALL_MS + 1000,
                                   .count = 2,
                                   .status = LEDGER_MISSED,
                                   .reason = "no node up",
                                   .at_ms = SUPPORT_WALL_MS + 5};
}

static struct ledger_cursor good_cursor(void)
{
    return (struct ledger_cursor){.job = "ops/backup",
                                  .life = 3,
                                  .schedule_version = 4,
                                  .trigger = UINT16_MAX,
                                  .target = {{6}},
                                  .decided_ms = SUPPORT_WALL_MS,
                                  .epoch = {7, {{8}}}};
}

static struct ledger_segment good_segment(void)
{
    struct ledger_segment segment = {.run = {{1}},
                                     .index = 2,
                                     .previous = {{3}},
                                     .offset = 4,
                                     .stream = 2,
                                     .at_ms = SUPPORT_WALL_MS,
                                     .data = bytes_of("a\0\xff", 3)};
    segment.hash = ledger_segment_hash(&segment);
    return segment;
}

static void assert_same_occurrence(const struct ledger_occurrence *a, const struct ledger_occurrence *b)
{
    assert_string_equal(a->job, b->job);
    assert_true(a->life == b->life && a->schedule_version == b->schedule_version && a->trigger == b->trigger);
    assert_true(node_id_equal(&a->target, &b->target));
    assert_int_equal(a->due_ms, b->due_ms);
    assert_true(hash_equal(&a->cause, &b->cause));
}

static void claims_survive(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct ledger_claim claims[2] = {good_claim(), good_claim()}, *decoded;
    size_t count;
    claims[1].occurrence = (struct ledger_occurrence){.job = "main/x", .life = 1, .cause = {{9}}};
    claims[1].follows = (struct ledger_epoch){0};
    claims[1].count = 1;
    claims[1].step_ms = 0;
    ledger_claims_encode(claims, 2, &body);
    assert_int_equal(ledger_claims_decode(buffer_view(&body), &arena, &decoded, &count), 0);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_same_occurrence(&decoded[i].occurrence, &claims[i].occurrence);
        assert_true(run_id_equal(&decoded[i].run, &claims[i].run));
        assert_true(node_id_equal(&decoded[i].executor, &claims[i].executor));
        assert_true(decoded[i].executor_generation == 3 && decoded[i].attempt == LIMIT_ATTEMPT_MAX);
        assert_int_equal(ledger_epoch_compare(&decoded[i].epoch, &claims[i].epoch), 0);
        assert_int_equal(ledger_epoch_compare(&decoded[i].follows, &claims[i].follows), 0);
        assert_true(hash_equal(&decoded[i].definition, &claims[i].definition));
        assert_true(decoded[i].count == claims[i].count && decoded[i].step_ms == claims[i].step_ms);
        assert_int_equal(decoded[i].at_ms, SUPPORT_WALL_MS - 9);
    }
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void results_survive(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct ledger_result result = good_result(), *decoded;
    size_t count;
    ledger_results_encode(&result, 1, &body);
    assert_int_equal(ledger_results_decode(buffer_view(&body), &arena, &decoded, &count), 0);
    assert_int_equal(count, 1);
    assert_same_occurrence(&decoded->occurrence, &result.occurrence);
    assert_true(run_id_equal(&decoded->run, &result.run));
    assert_true(decoded->attempt == 2 && decoded->status == LEDGER_FAILED);
    assert_string_equal(decoded->reason, "killed");
    assert_true(decoded->started_ms == SUPPORT_WALL_MS + 3 && decoded->ended_ms == SUPPORT_WALL_MS + 4);
    assert_true(decoded->exit_code == -1 && decoded->signal == 9 && decoded->output_bytes == 5);
    assert_true(hash_equal(&decoded->log, &result.log) &&
                hash_equal(&decoded->definition, &result.definition));
    assert_true(decoded->count == 1 && decoded->step_ms == 0 && decoded->generation == 7);
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void verdicts_and_cursors_survive(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct ledger_verdict verdict = good_verdict(), *verdicts;
    struct ledger_cursor cursor = good_cursor(), *cursors;
    size_t count;
    ledger_verdicts_encode(&verdict, 1, &body);
    assert_int_equal(ledger_verdicts_decode(buffer_view(&body), &arena, &verdicts, &count), 0);
    assert_same_occurrence(&verdicts->occurrence, &verdict.occurrence);
    assert_true(verdicts->last_due_ms == SUPPORT_WALL_MS + 1000 && verdicts->count == 2);
    assert_true(verdicts->status == LEDGER_MISSED && verdicts->at_ms == SUPPORT_WALL_MS + 5);
    assert_string_equal(verdicts->reason, "no node up");

    buffer_clear(&body);
    ledger_cursors_encode(&cursor, 1, &body);
    assert_int_equal(ledger_cursors_decode(buffer_view(&body), &arena, &cursors, &count), 0);
    assert_string_equal(cursors->job, "ops/backup");
    assert_true(cursors->life == 3 && cursors->schedule_version == 4 && cursors->trigger == UINT16_MAX);
    assert_true(node_id_equal(&cursors->target, &cursor.target));
    assert_int_equal(cursors->decided_ms, SUPPORT_WALL_MS);
    assert_int_equal(ledger_epoch_compare(&cursors->epoch, &cursor.epoch), 0);
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void segments_survive(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct ledger_segment segment = good_segment(), *decoded;
    size_t count;
    ledger_segments_encode(&segment, 1, &body);
    assert_int_equal(ledger_segments_decode(buffer_view(&body), &arena, &decoded, &count), 0);
    buffer_deinit(&body); // what was decoded must not point into it
    assert_true(run_id_equal(&decoded->run, &segment.run));
    assert_true(decoded->index == 2 && decoded->offset == 4 && decoded->stream == 2);
    assert_true(hash_equal(&decoded->previous, &segment.previous) &&
                hash_equal(&decoded->hash, &segment.hash));
    assert_int_equal(decoded->at_ms, SUPPORT_WALL_MS);
    assert_true(bytes_equal(decoded->data, segment.data));
    arena_deinit(&arena);
}

static bool occurrence_is_accepted(struct ledger_occurrence occurrence)
{
    struct ledger_result result = good_result();
    struct ledger_verdict verdict = good_verdict();
    result.occurrence = verdict.occurrence = occurrence;
    verdict.last_due_ms = occurrence.due_ms;
    verdict.count = 1;
    bool accepted = accepts_ledger_results(&result, 1);
    assert_int_equal(accepts_ledger_verdicts(&verdict, 1), accepted);
    return accepted;
}

static void occurrences_have_bounds(void **state)
{
    (void)state;
    static const char *const bad_jobs[] = {"", "backup", "/backup", "ops/", "a/b/c", "ops/b p"};
    struct ledger_occurrence occurrence = full_occurrence;
    assert_true(occurrence_is_accepted(occurrence));
    for (size_t i = 0; i < COUNT_OF(bad_jobs); i++) {
        strcpy(occurrence.job, bad_jobs[i]);
        assert_false(occurrence_is_accepted(occurrence));
    }
    memset(occurrence.job, 'x', sizeof occurrence.job);
    occurrence.job[63] = '/';
    occurrence.job[127] = 0;
    assert_true(occurrence_is_accepted(occurrence));
    occurrence.life = 4;
    assert_false(occurrence_is_accepted(occurrence));
    occurrence = full_occurrence;
    occurrence.due_ms = LIMIT_WALL_MS_MAX + 1;
    assert_false(occurrence_is_accepted(occurrence));
    occurrence.due_ms = -LIMIT_WALL_MS_MAX - 1;
    assert_false(occurrence_is_accepted(occurrence));
    occurrence.due_ms = -LIMIT_WALL_MS_MAX;
    assert_true(occurrence_is_accepted(occurrence));
    occurrence.cause.b[0] = 1; // a due time and a cause: run anew by an order
    assert_true(occurrence_is_accepted(occurrence));
    occurrence.trigger = UINT16_MAX; // but what an order runs once has none
    assert_false(occurrence_is_accepted(occurrence));
    occurrence.due_ms = 0;
    assert_true(occurrence_is_accepted(occurrence));
}

static void a_claim_covers_one_to_sixty_due_times(void **state)
{
    (void)state;
    struct ledger_claim claim = good_claim();
    assert_true(accepts_ledger_claims(&claim, 1));
    claim.count++;
    assert_false(accepts_ledger_claims(&claim, 1));
    claim.count = 2;
    claim.step_ms = 0;
    assert_false(accepts_ledger_claims(&claim, 1));
    claim.step_ms = LIMIT_PERIOD_MS_MAX;
    assert_true(accepts_ledger_claims(&claim, 1));
    claim.step_ms++;
    assert_false(accepts_ledger_claims(&claim, 1));
    claim = good_claim();
    claim.occurrence.due_ms = LIMIT_WALL_MS_MAX - 58999; // the last of them lies a millisecond outside
    assert_false(accepts_ledger_claims(&claim, 1));
    claim.occurrence.due_ms--;
    assert_true(accepts_ledger_claims(&claim, 1));
    claim.occurrence.due_ms = 0;
    claim.occurrence.cause.b[0] = 1; // an order happens once
    assert_false(accepts_ledger_claims(&claim, 1));
}

static void a_count_of_zero_is_one(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct ledger_claim claim = good_claim(), *claims;
    size_t count;
    claim.count = 0;
    ledger_claims_encode(&claim, 1, &body);
    assert_int_equal(ledger_claims_decode(buffer_view(&body), &arena, &claims, &count), 0);
    assert_int_equal(claims->count, 1);
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void attempts_and_epochs_have_bounds(void **state)
{
    (void)state;
    struct ledger_claim claim = good_claim();
    claim.attempt = 0;
    assert_false(accepts_ledger_claims(&claim, 1));
    claim.attempt = LIMIT_ATTEMPT_MAX + 1;
    assert_false(accepts_ledger_claims(&claim, 1));
    claim = good_claim();
    claim.epoch.number = (uint64_t)1 << 63;
    assert_false(accepts_ledger_claims(&claim, 1));
    claim.epoch.number--;
    assert_true(accepts_ledger_claims(&claim, 1));
    struct ledger_cursor cursor = good_cursor();
    cursor.epoch.number = (uint64_t)1 << 63;
    assert_false(accepts_ledger_cursors(&cursor, 1));
    cursor = good_cursor();
    cursor.decided_ms = LIMIT_WALL_MS_MAX + 1;
    assert_false(accepts_ledger_cursors(&cursor, 1));
}

static void results_have_bounds(void **state)
{
    (void)state;
    static const struct {
        enum ledger_status status;
        int32_t exit_code, signal;
        bool accepted;
    } cases[] = {
        {LEDGER_OK, 0, 0, true},        {LEDGER_DENIED, -1, 0, true},   {LEDGER_OPEN, 0, 0, false},
        {LEDGER_OK + 1, 0, 0, false},   {LEDGER_FAILED, 255, 0, true},  {LEDGER_FAILED, 256, 0, false},
        {LEDGER_FAILED, -2, 0, false},  {LEDGER_FAILED, -1, 127, true}, {LEDGER_FAILED, -1, 128, false},
        {LEDGER_FAILED, -1, -1, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ledger_result result = good_result();
        result.status = cases[i].status;
        result.exit_code = cases[i].exit_code;
        result.signal = cases[i].signal;
        assert_int_equal(accepts_ledger_results(&result, 1), cases[i].accepted);
    }
    char reason[LIMIT_TEXT_SIZE_MAX + 2] = {0};
    memset(reason, 'x', LIMIT_TEXT_SIZE_MAX);
    struct ledger_result result = good_result();
    result.reason = reason;
    assert_true(accepts_ledger_results(&result, 1));
    reason[LIMIT_TEXT_SIZE_MAX] = 'x';
    assert_false(accepts_ledger_results(&result, 1));
}

static void a_range_of_results_is_uneventful(void **state)
{
    (void)state;
    static const uint32_t late_ms[LIMIT_CLAIM_COUNT_MAX], took_ms[LIMIT_CLAIM_COUNT_MAX];
    struct ledger_result range = {.occurrence = full_occurrence,
                                  .run = {{1}},
                                  .attempt = 1,
                                  .status = LEDGER_OK,
                                  .reason = "",
                                  .count = 10,
                                  .step_ms = 1000,
                                  .late_ms = late_ms,
                                  .took_ms = took_ms,
                                  .definition = {{8}}},
                         result = range;
    assert_true(accepts_ledger_results(&result, 1));
    result.status = LEDGER_FAILED;
    assert_false(accepts_ledger_results(&result, 1));
    result = range;
    result.exit_code = 1;
    assert_false(accepts_ledger_results(&result, 1));
    result = range;
    result.signal = 1;
    assert_false(accepts_ledger_results(&result, 1));
    result = range;
    result.output_bytes = 1;
    assert_false(accepts_ledger_results(&result, 1));
    result = range;
    result.log.b[0] = 1;
    assert_false(accepts_ledger_results(&result, 1));
    result = range;
    result.reason = "with a word";
    assert_false(accepts_ledger_results(&result, 1));
    result = range;
    result.count = LIMIT_CLAIM_COUNT_MAX;
    assert_true(accepts_ledger_results(&result, 1));
    result.count = LIMIT_CLAIM_COUNT_MAX + 1;
    assert_false(accepts_ledger_results(&result, 1));
}

static void a_range_tells_when_each_of_its_runs_started_and_ended(void **state)
{
    (void)state;
    static const uint32_t late_ms[] = {7, 0}, took_ms[] = {300, UINT32_MAX};
    struct buffer body = {0};
    struct arena arena = {0};
    struct ledger_result range = {.occurrence = full_occurrence,
                                  .run = {{1}},
                                  .attempt = 1,
                                  .status = LEDGER_OK,
                                  .reason = "",
                                  .started_ms = SUPPORT_WALL_MS + 4,
                                  .ended_ms = SUPPORT_WALL_MS + 500,
                                  .count = 3,
                                  .step_ms = 1000,
                                  .late_ms = late_ms,
                                  .took_ms = took_ms,
                                  .definition = {{8}}},
                         *decoded;
    size_t count;
    ledger_results_encode(&range, 1, &body);
    assert_int_equal(ledger_results_decode(buffer_view(&body), &arena, &decoded, &count), 0);
    assert_int_equal(decoded->count, 3);
    const int64_t started_ms[] = {4, 1007, 2000}, ended_ms[] = {500, 1307, 2000 + (int64_t)UINT32_MAX};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(ledger_result_due_ms(decoded, i), SUPPORT_WALL_MS + 1000 * i);
        assert_int_equal(ledger_result_started_ms(decoded, i), SUPPORT_WALL_MS + started_ms[i]);
        assert_int_equal(ledger_result_ended_ms(decoded, i), SUPPORT_WALL_MS + ended_ms[i]);
    }
    buffer_deinit(&body);
    arena_deinit(&arena);
}

static void a_stretch_of_verdicts_holds_what_fits_in_it(void **state)
{
    (void)state;
    struct ledger_verdict verdict = good_verdict();
    verdict.count = 1001; // one each millisecond
    assert_true(accepts_ledger_verdicts(&verdict, 1));
    verdict.count++;
    assert_false(accepts_ledger_verdicts(&verdict, 1));
    verdict.count = 1;
    assert_false(accepts_ledger_verdicts(&verdict, 1));
    verdict.last_due_ms = SUPPORT_WALL_MS;
    assert_true(accepts_ledger_verdicts(&verdict, 1));
    verdict.count = 2;
    assert_false(accepts_ledger_verdicts(&verdict, 1));
    verdict.last_due_ms--;
    assert_false(accepts_ledger_verdicts(&verdict, 1));
    verdict.occurrence.due_ms = INT64_MIN;
    verdict.last_due_ms = INT64_MAX;
    assert_false(accepts_ledger_verdicts(&verdict, 1));
}

static void a_verdict_never_claims_that_something_ran(void **state)
{
    (void)state;
    for (int status = LEDGER_OPEN; status <= LEDGER_OK + 1; status++) {
        struct ledger_verdict verdict = good_verdict();
        verdict.status = (enum ledger_status)status;
        bool is_allowed = status >= LEDGER_DENIED && status <= LEDGER_CANCELLED;
        assert_int_equal(accepts_ledger_verdicts(&verdict, 1), is_allowed);
    }
}

static void the_hash_of_a_segment_covers_all_of_it(void **state)
{
    (void)state;
    struct ledger_segment good = good_segment(), segment = good;
    assert_true(accepts_ledger_segments(&segment, 1));
    segment.previous.b[31] ^= 1;
    assert_false(accepts_ledger_segments(&segment, 1));
    segment = good;
    segment.run.b[15] ^= 1;
    assert_false(accepts_ledger_segments(&segment, 1));
    segment = good;
    segment.index++;
    assert_false(accepts_ledger_segments(&segment, 1));
    segment = good;
    segment.offset++;
    assert_false(accepts_ledger_segments(&segment, 1));
    segment = good;
    segment.stream = 1;
    assert_false(accepts_ledger_segments(&segment, 1));
    segment = good;
    segment.at_ms++;
    assert_false(accepts_ledger_segments(&segment, 1));
    segment = good;
    segment.data.size--;
    assert_false(accepts_ledger_segments(&segment, 1));
    segment = good;
    segment.hash.b[0] ^= 1;
    assert_false(accepts_ledger_segments(&segment, 1));
}

static void segments_have_bounds(void **state)
{
    (void)state;
    uint8_t data[LIMIT_LOG_SEGMENT_SIZE_MAX + 1] = {0};
    struct ledger_segment segment = good_segment();
    segment.data = bytes_of(data, LIMIT_LOG_SEGMENT_SIZE_MAX);
    segment.hash = ledger_segment_hash(&segment);
    assert_true(accepts_ledger_segments(&segment, 1));
    segment.data.size++;
    segment.hash = ledger_segment_hash(&segment);
    assert_false(accepts_ledger_segments(&segment, 1));
    segment.data.size = 0;
    segment.stream = 0;
    segment.hash = ledger_segment_hash(&segment);
    assert_true(accepts_ledger_segments(&segment, 1));
    segment.stream = 3;
    segment.hash = ledger_segment_hash(&segment);
    assert_false(accepts_ledger_segments(&segment, 1));
}

// As small as each may be: the arena has room for a full list, and nobody takes a longer one.
static void a_body_has_1_to_64_items(void **state)
{
    (void)state;
    enum { MAX = LIMIT_LEDGER_ITEM_COUNT_MAX };
    struct ledger_occurrence least = {.job = "a/b", .life = 1};
    struct ledger_claim claims[MAX + 1];
    struct ledger_result results[MAX + 1];
    struct ledger_verdict verdicts[MAX + 1];
    struct ledger_cursor cursors[MAX + 1];
    struct ledger_segment segments[MAX + 1];
    for (size_t i = 0; i <= MAX; i++) {
        claims[i] = (struct ledger_claim){.occurrence = least, .attempt = 1, .count = 1};
        results[i] =
            (struct ledger_result){.occurrence = least, .attempt = 1, .status = LEDGER_DENIED, .count = 1};
        verdicts[i] = (struct ledger_verdict){.occurrence = least, .count = 1, .status = LEDGER_DENIED};
        cursors[i] = (struct ledger_cursor){.job = "a/b", .life = 1};
        segments[i] = (struct ledger_segment){.index = 1};
        segments[i].hash = ledger_segment_hash(&segments[i]);
    }
    static const size_t counts[] = {0, 1, MAX, MAX + 1};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        size_t count = counts[i];
        bool is_allowed = count >= 1 && count <= MAX;
        assert_int_equal(accepts_ledger_claims(claims, count), is_allowed);
        assert_int_equal(accepts_ledger_results(results, count), is_allowed);
        assert_int_equal(accepts_ledger_verdicts(verdicts, count), is_allowed);
        assert_int_equal(accepts_ledger_cursors(cursors, count), is_allowed);
        assert_int_equal(accepts_ledger_segments(segments, count), is_allowed);
    }
}

static void bombs_of_empty_items_are_refused(void **state)
{
    (void)state;
    struct buffer body = {0};
    while (body.size < LIMIT_RECORD_SIZE_MAX)
        buffer_add(&body, "\x0a\x00", 2);
    assert_false(round_ledger_claims(buffer_view(&body)));
    assert_false(round_ledger_results(buffer_view(&body)));
    assert_false(round_ledger_verdicts(buffer_view(&body)));
    assert_false(round_ledger_cursors(buffer_view(&body)));
    assert_false(round_ledger_segments(buffer_view(&body)));
    buffer_deinit(&body);
}

static void parts_that_must_be_there_are_missed(void **state)
{
    (void)state;
    static const uint8_t empty_item[] = {0x0a, 0};
    assert_false(round_ledger_claims(bytes_of(empty_item, 2)));
    assert_false(round_ledger_results(bytes_of(empty_item, 2)));
    assert_false(round_ledger_verdicts(bytes_of(empty_item, 2)));
    assert_false(round_ledger_cursors(bytes_of(empty_item, 2)));
    // A cursor of a/b, life 1, without an epoch; then with an empty one.
    static const uint8_t cursor[] = {0x0a, 9, 0x0a, 3, 'a', '/', 'b', 0x10, 1, 0x3a, 0};
    uint8_t without[sizeof cursor - 2];
    memcpy(without, cursor, sizeof without);
    without[1] -= 2;
    assert_true(round_ledger_cursors(bytes_of(cursor, sizeof cursor)));
    assert_false(round_ledger_cursors(bytes_of(without, sizeof without)));
}

static void epochs_are_totally_ordered(void **state)
{
    (void)state;
    static const struct ledger_epoch ascending[] = {{0, {{0}}},    {0, {{1}}}, {1, {{0}}},
                                                    {1, {{0, 5}}}, {1, {{2}}}, {INT64_MAX, {{0}}}};
    for (size_t i = 0; i < COUNT_OF(ascending); i++)
        for (size_t j = 0; j < COUNT_OF(ascending); j++) {
            int order = ledger_epoch_compare(&ascending[i], &ascending[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void statuses_have_names(void **state)
{
    (void)state;
    assert_string_equal(ledger_status_text(LEDGER_OPEN), "open");
    assert_string_equal(ledger_status_text(LEDGER_DENIED), "denied");
    assert_string_equal(ledger_status_text(LEDGER_BLOCKED), "blocked");
    assert_string_equal(ledger_status_text(LEDGER_MISSED), "missed");
    assert_string_equal(ledger_status_text(LEDGER_SKIPPED), "skipped");
    assert_string_equal(ledger_status_text(LEDGER_LOST), "lost");
    assert_string_equal(ledger_status_text(LEDGER_CANCELLED), "cancelled");
    assert_string_equal(ledger_status_text(LEDGER_TIMEOUT), "timeout");
    assert_string_equal(ledger_status_text(LEDGER_FAILED), "failed");
    assert_string_equal(ledger_status_text(LEDGER_OK), "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_survive),
        cmocka_unit_test(results_survive),
        cmocka_unit_test(verdicts_and_cursors_survive),
        cmocka_unit_test(segments_survive),
        cmocka_unit_test(occurrences_have_bounds),
        cmocka_unit_test(a_claim_covers_one_to_sixty_due_times),
        cmocka_unit_test(a_count_of_zero_is_one),
        cmocka_unit_test(attempts_and_epochs_have_bounds),
        cmocka_unit_test(results_have_bounds),
        cmocka_unit_test(a_range_of_results_is_uneventful),
        cmocka_unit_test(a_range_tells_when_each_of_its_runs_started_and_ended),
        cmocka_unit_test(a_stretch_of_verdicts_holds_what_fits_in_it),
        cmocka_unit_test(a_verdict_never_claims_that_something_ran),
        cmocka_unit_test(the_hash_of_a_segment_covers_all_of_it),
        cmocka_unit_test(segments_have_bounds),
        cmocka_unit_test(a_body_has_1_to_64_items),
        cmocka_unit_test(bombs_of_empty_items_are_refused),
        cmocka_unit_test(parts_that_must_be_there_are_missed),
        cmocka_unit_test(epochs_are_totally_ordered),
        cmocka_unit_test(statuses_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
