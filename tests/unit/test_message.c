// test_message.c - messages between nodes: what goes in comes out, and nothing else is believed.
#include "proto/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void lists_keep_their_order(void **state)
{
    (void)state;
    struct bytes items[3] = {bytes_of_text("one"), bytes_of_text(""), bytes_of_text("three")};
    struct buffer body = {0};
    struct arena arena = {0};
    struct message_list list;
    message_list_encode(items, 3, &body);
    assert_int_equal(message_list_decode(buffer_view(&body), &arena, &list), 0);
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(bytes_equal(list.items[i], items[i]));
    arena_deinit(&arena);
    buffer_deinit(&body);
}

static void a_count_beyond_the_bytes_takes_no_memory(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct arena arena = {0};
    struct message_list list;
    struct message_take take;
    buffer_add_u32(&body, UINT32_MAX);
    assert_int_equal(message_list_decode(buffer_view(&body), &arena, &list), MESSAGE_MALFORMED);
    assert_int_equal(message_take_decode(buffer_view(&body), &arena, &take), MESSAGE_MALFORMED);
    assert_int_equal(arena.used, 0);
    arena_deinit(&arena);
    buffer_deinit(&body);
}

static struct buffer full_taken(void)
{
    static const struct message_cursor cursors[2] = {{1, 0, 1000}, {2, 3, INT64_MAX}};
    static const struct run_id running[1] = {{{7, 8}}};
    struct message_taken_job taken = {.job = "main/a",
                                      .life = 3,
                                      .asked_number = 9,
                                      .epoch_number = 10,
                                      .epoch_node = {{1}},
                                      .previous_owner = {{2}},
                                      .cursor_count = 2,
                                      .running = running,
                                      .running_count = 1};
    struct message_cursor copies[2];
    memcpy(copies, cursors, sizeof copies);
    taken.cursors = copies;
    struct buffer body = {0};
    assert_int_equal(message_taken_encode(&taken, 1, &body), 1);
    return body;
}

static void an_answer_to_take_comes_through(void **state)
{
    (void)state;
    struct buffer body = full_taken();
    struct arena arena = {0};
    struct message_taken taken;
    assert_int_equal(message_taken_decode(buffer_view(&body), &arena, &taken), 0);
    assert_int_equal(taken.count, 1);
    assert_string_equal(taken.jobs[0].job, "main/a");
    assert_int_equal(taken.jobs[0].asked_number, 9);
    assert_int_equal(taken.jobs[0].epoch_number, 10);
    assert_int_equal(taken.jobs[0].cursor_count, 2);
    assert_int_equal(taken.jobs[0].cursors[1].trigger, 3);
    assert_true(taken.jobs[0].cursors[1].decided_ms == INT64_MAX);
    assert_int_equal(taken.jobs[0].running_count, 1);
    assert_int_equal(taken.jobs[0].running[0].b[1], 8);
    arena_deinit(&arena);
    buffer_deinit(&body);
}

static void every_cut_of_an_answer_is_refused(void **state)
{
    (void)state;
    struct buffer body = full_taken();
    for (size_t size = 0; size < body.size; size++) {
        struct arena arena = {0};
        struct message_taken taken;
        assert_int_equal(message_taken_decode(bytes_of(body.data, size), &arena, &taken), MESSAGE_MALFORMED);
        arena_deinit(&arena);
    }
    buffer_deinit(&body);
}

static void many_jobs_are_taken_in_messages_that_fit(void **state)
{
    (void)state;
    enum { JOBS = 3000 };
    struct message_take_job *jobs = base_alloc(JOBS, sizeof *jobs);
    size_t at = 0, messages = 0;
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = (struct message_take_job){
            .life = 1, .epoch_number = i, .decided_ms = -5, .open_count = i % (MESSAGE_STRETCH_MAX + 1)};
        snprintf(jobs[i].job, sizeof jobs[i].job, "main/job-%zu", i);
        for (size_t k = 0; k < jobs[i].open_count; k++)
            jobs[i].open[k] = (struct message_stretch){.first_ms = (int64_t)k, .last_ms = (int64_t)(i + k)};
    }
    for (; at < JOBS; messages++) {
        struct buffer body = {0};
        struct arena arena = {0};
        struct message_take take;
        size_t written = message_take_encode(jobs + at, JOBS - at, &body);
        assert_in_range(body.size, 1, LIMIT_STREAM_FRAME_SIZE_MAX);
        assert_int_equal(message_take_decode(buffer_view(&body), &arena, &take), 0);
        assert_int_equal(take.count, written);
        for (size_t i = 0; i < written; i++)
            assert_memory_equal(&take.jobs[i], &jobs[at + i], sizeof jobs[0]);
        at += written;
        arena_deinit(&arena);
        buffer_deinit(&body);
    }
    assert_in_range(messages, 2, 20);
    free(jobs);
}

static void more_open_stretches_than_allowed_are_refused(void **state)
{
    (void)state;
    struct message_take_job job = {.job = "main/a", .life = 1, .open_count = MESSAGE_STRETCH_MAX};
    struct buffer body = {0};
    struct arena arena = {0};
    struct message_take take;
    message_take_encode(&job, 1, &body);
    size_t open_count_at = body.size - sizeof job.open - 1;
    assert_int_equal(body.data[open_count_at], MESSAGE_STRETCH_MAX);
    body.data[open_count_at]++;
    for (size_t i = 0; i < sizeof job.open[0]; i++)
        buffer_add_u8(&body, 0);
    assert_int_equal(message_take_decode(buffer_view(&body), &arena, &take), MESSAGE_MALFORMED);
    arena_deinit(&arena);
    buffer_deinit(&body);
}

static void a_list_longer_than_a_message_goes_in_several(void **state)
{
    (void)state;
    enum { RECORDS = 40, SIZE = 5000 };
    static uint8_t bytes[SIZE];
    struct bytes items[RECORDS];
    for (size_t i = 0; i < RECORDS; i++)
        items[i] = bytes_of(bytes, SIZE - i);
    for (size_t at = 0, written; at < RECORDS; at += written) {
        struct buffer body = {0};
        struct arena arena = {0};
        struct message_list list;
        written = message_list_encode(items + at, RECORDS - at, &body);
        assert_in_range(written, 1, 13);
        assert_in_range(body.size, 1, LIMIT_STREAM_FRAME_SIZE_MAX);
        assert_int_equal(message_list_decode(buffer_view(&body), &arena, &list), 0);
        assert_int_equal(list.count, written);
        assert_int_equal(list.items[0].size, items[at].size);
        arena_deinit(&arena);
        buffer_deinit(&body);
    }
}

static void names_of_jobs_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a", "main/", "main/a\n", "../x", "main/a/b"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct message_take_job job = {.life = 1, .epoch_number = 1};
        struct buffer body = {0};
        struct arena arena = {0};
        struct message_take take;
        snprintf(job.job, sizeof job.job, "%s", bad[i]);
        message_take_encode(&job, 1, &body);
        assert_int_equal(message_take_decode(buffer_view(&body), &arena, &take), MESSAGE_MALFORMED);
        arena_deinit(&arena);
        buffer_deinit(&body);
    }
}

static void what_is_told_carries_records_stories_and_live_runs(void **state)
{
    (void)state;
    static const struct run_id live[2] = {{{1}}, {{2}}};
    static const int64_t started_ms[2] = {5, 6};
    struct message_story stories[2] = {{.job = "main/a", .stamp = 99, .what = "took over"},
                                       {.job = "", .stamp = 100, .what = "slept"}};
    struct bytes records[2] = {bytes_of_text("record"), bytes_of_text("another")};
    struct message_told told = {.number = 4,
                                .done = true,
                                .envelopes = {records, 2},
                                .stories = stories,
                                .story_count = 2,
                                .live = live,
                                .live_started_ms = started_ms,
                                .live_count = 2};
    struct buffer body = {0};
    struct arena arena = {0};
    struct message_told got;
    message_told_encode(&told, &body);
    assert_int_equal(message_told_decode(buffer_view(&body), &arena, &got), 0);
    assert_true(got.done && got.story_count == 2);
    assert_string_equal(got.stories[0].what, "took over");
    assert_true(got.stories[1].stamp == 100);
    for (size_t size = 0; size < body.size; size++)
        assert_int_equal(message_told_decode(bytes_of(body.data, size), &arena, &got), MESSAGE_MALFORMED);
    assert_int_equal(message_told_decode(buffer_view(&body), &arena, &got), 0);
    assert_int_equal(got.envelopes.count, 2);
    assert_true(bytes_equal(got.envelopes.items[1], records[1]));
    assert_int_equal(got.live_count, 2);
    assert_true(got.live_started_ms[1] == 6);
    arena_deinit(&arena);
    buffer_deinit(&body);
}

static void a_comparison_comes_through_and_every_cut_of_it_is_refused(void **state)
{
    (void)state;
    struct message_compare_job jobs[2] = {{.job = "main/a", .digest = {1}, .index = 3},
                                          {.job = "main/b", .digest = {2}, .index = 63}};
    const struct message_compare compare = {.number = 9, .jobs = jobs, .count = 2};
    struct buffer body = {0};
    struct arena arena = {0};
    struct message_compare got;
    message_compare_encode(&compare, &body);
    for (size_t size = 0; size < body.size; size++)
        assert_int_equal(message_compare_decode(bytes_of(body.data, size), &arena, &got), MESSAGE_MALFORMED);
    assert_int_equal(message_compare_decode(buffer_view(&body), &arena, &got), 0);
    assert_true(got.number == 9 && got.count == 2);
    assert_string_equal(got.jobs[1].job, "main/b");
    assert_int_equal(got.jobs[1].index, 63);
    assert_memory_equal(got.jobs[1].digest, jobs[1].digest, sizeof jobs[1].digest);
    arena_deinit(&arena);
    jobs[1].index = LIMIT_COMPARED_JOB_COUNT_MAX;
    buffer_clear(&body);
    message_compare_encode(&compare, &body);
    arena = (struct arena){0};
    assert_int_equal(message_compare_decode(buffer_view(&body), &arena, &got), MESSAGE_MALFORMED);
    arena_deinit(&arena);
    buffer_deinit(&body);
}

static void a_detour_comes_through(void **state)
{
    (void)state;
    const struct message_detour detour = {
        .to = {{1}}, .from = {{2}}, .channel = 7, .is_caller = true, .bytes = bytes_of("abc", 3)};
    struct buffer body = {0};
    struct message_detour got;
    message_detour_encode(&detour, &body);
    assert_int_equal(message_detour_decode(buffer_view(&body), &got), 0);
    assert_true(node_id_equal(&got.to, &detour.to) && node_id_equal(&got.from, &detour.from));
    assert_true(got.channel == 7 && got.is_caller && bytes_equal(got.bytes, detour.bytes));
    size_t head = body.size - 3;
    assert_int_equal(message_detour_decode(bytes_of(body.data, head), &got), 0);
    assert_int_equal(message_detour_decode(bytes_of(body.data, head - 1), &got), MESSAGE_MALFORMED);
    body.data[head - 1] = 2;
    assert_int_equal(message_detour_decode(buffer_view(&body), &got), MESSAGE_MALFORMED);
    buffer_deinit(&body);
}

static void what_differs_and_what_is_lacking_come_through(void **state)
{
    (void)state;
    const struct message_compared compared = {.number = 9, .differing = {3, 63}, .count = 2};
    static const struct hash ids[2] = {{{1}}, {{2}}};
    const struct message_offer offer = {.number = 10, .ids = ids, .count = 2}, none = {.number = 11};
    struct buffer body = {0};
    struct message_compared got;
    struct message_offer lacking;
    message_compared_encode(&compared, &body);
    assert_int_equal(message_compared_decode(buffer_view(&body), &got), 0);
    assert_true(got.number == 9 && got.count == 2 && got.differing[1] == 63);
    assert_int_equal(message_compared_decode(bytes_of(body.data, body.size - 1), &got), MESSAGE_MALFORMED);
    assert_int_equal(message_compared_decode(bytes_of(body.data, 7), &got), MESSAGE_MALFORMED);
    buffer_clear(&body);
    message_offer_encode(&offer, &body);
    assert_int_equal(message_offer_decode(buffer_view(&body), &lacking), 0);
    assert_true(lacking.number == 10 && lacking.count == 2 && hash_equal(&lacking.ids[1], &ids[1]));
    assert_int_equal(message_offer_decode(bytes_of(body.data, body.size - 1), &lacking), MESSAGE_MALFORMED);
    buffer_clear(&body);
    message_offer_encode(&none, &body);
    assert_int_equal(message_offer_decode(buffer_view(&body), &lacking), 0);
    assert_true(lacking.number == 11 && lacking.count == 0);
    buffer_deinit(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_keep_their_order),
        cmocka_unit_test(a_count_beyond_the_bytes_takes_no_memory),
        cmocka_unit_test(an_answer_to_take_comes_through),
        cmocka_unit_test(every_cut_of_an_answer_is_refused),
        cmocka_unit_test(many_jobs_are_taken_in_messages_that_fit),
        cmocka_unit_test(more_open_stretches_than_allowed_are_refused),
        cmocka_unit_test(a_list_longer_than_a_message_goes_in_several),
        cmocka_unit_test(names_of_jobs_are_checked),
        cmocka_unit_test(what_is_told_carries_records_stories_and_live_runs),
        cmocka_unit_test(a_comparison_comes_through_and_every_cut_of_it_is_refused),
        cmocka_unit_test(a_detour_comes_through),
        cmocka_unit_test(what_differs_and_what_is_lacking_come_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
