// test_journal.c - what started is remembered: across restarts, torn writes, rewriting and forgetting.
#include "node/io/runner/journal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/support_dir.h"

#define NOW 1790000000000LL

struct world {
    char path[SUPPORT_DIR_ROOM];
    int directory;
    struct journal journal;
    struct journal_leftover left[16];
    size_t left_count;
};

static void note_left(void *context, const struct journal_leftover *leftover)
{
    struct world *world = context;
    assert_true(world->left_count < COUNT_OF(world->left));
    world->left[world->left_count++] = *leftover;
}

static void open_journal(struct world *world)
{
    world->left_count = 0;
    assert_int_equal(journal_open(&world->journal, world->directory, NOW, note_left, world), 0);
}

static void reopen(struct world *world)
{
    journal_close(&world->journal);
    open_journal(world);
}

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    support_dir_make(world->path);
    world->directory = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    open_journal(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    journal_close(&world->journal);
    close(world->directory);
    support_dir_remove(world->path);
    free(world);
    return 0;
}

static struct seen_key key_of(const char *job, uint16_t trigger, int64_t due_ms)
{
    struct occurrence occurrence = {
        .job = job, .life = 1, .schedule_version = 1, .trigger = trigger, .due_ms = due_ms};
    if (trigger == OCCURRENCE_ORDER)
        memcpy(occurrence.cause.b, &due_ms, sizeof due_ms);
    return seen_key_of(&occurrence);
}

static struct run_id run_number(uint64_t number)
{
    struct run_id run = {{0}};
    memcpy(run.b, &number, sizeof number);
    return run;
}

static int start(struct world *world, uint64_t run, const struct seen_key *key, uint16_t attempt)
{
    struct journal_leftover leftover = {.frame = {.kind = FRAME_STARTED,
                                                  .run = run_number(run),
                                                  .started_ms = NOW,
                                                  .start = {.due_ms = key->due_ms,
                                                            .cause = FRAME_SCHEDULED,
                                                            .attempt = attempt,
                                                            .generation = 3}},
                                        .boot = "boot-of-this-day"};
    return journal_start(&world->journal, &leftover, key);
}

static void end(struct world *world, uint64_t run, int exit_code)
{
    struct frame frame = {.kind = FRAME_ENDED,
                          .run = run_number(run),
                          .start = {.cause = FRAME_SCHEDULED, .attempt = 1},
                          .reason = "because",
                          .status = LEDGER_FAILED,
                          .exit_code = exit_code,
                          .ended_ms = NOW + 5};
    assert_int_equal(journal_end(&world->journal, &frame), 0);
}

static void acknowledge(struct world *world, uint64_t run)
{
    struct run_id id = run_number(run);
    assert_int_equal(journal_acknowledge(&world->journal, &id), 0);
}

static void a_run_without_an_end_is_found_by_the_next_runner(void **state)
{
    struct world *world = *state;
    struct seen_key key = key_of("main/a", 0, 1000);
    assert_int_equal(start(world, 1, &key, 2), 0);
    reopen(world);
    assert_int_equal(world->left_count, 1);
    assert_int_equal(world->left[0].frame.kind, FRAME_STARTED);
    assert_int_equal(world->left[0].frame.start.attempt, 2);
    assert_int_equal(world->left[0].frame.start.generation, 3);
    assert_memory_equal(world->left[0].boot, "boot-of-this-day", 16);
    assert_int_equal(seen_attempt(&world->journal.seen, &key), 2);
}

static void an_end_is_told_again_until_it_is_acknowledged(void **state)
{
    struct world *world = *state;
    struct seen_key key = key_of("main/a", 0, 1000);
    assert_int_equal(start(world, 1, &key, 1), 0);
    end(world, 1, 3);
    reopen(world);
    assert_int_equal(world->left_count, 1);
    assert_int_equal(world->left[0].frame.kind, FRAME_ENDED);
    assert_int_equal(world->left[0].frame.exit_code, 3);
    assert_string_equal(world->left[0].frame.reason, "because");
    acknowledge(world, 1);
    acknowledge(world, 1); // twice is harmless
    reopen(world);
    assert_int_equal(world->left_count, 0);
    assert_int_equal(seen_attempt(&world->journal.seen, &key), 1);
}

static void occurrences_differ_by_each_of_their_parts(void **state)
{
    struct world *world = *state;
    struct seen_key key = key_of("main/a", 0, 1000);
    assert_int_equal(start(world, 1, &key, 1), 0);
    const struct seen_key others[] = {key_of("main/b", 0, 1000), key_of("main/a", 1, 1000),
                                      key_of("main/a", 0, 1001), key_of("main/a", OCCURRENCE_ORDER, 1000)};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(seen_attempt(&world->journal.seen, &others[i]), 0);
    assert_int_equal(seen_attempt(&world->journal.seen, &key), 1);
}

static void an_order_counts_once_whatever_its_start_says(void **state)
{
    struct world *world = *state;
    struct occurrence order = {.job = "main/a", .life = 1, .trigger = OCCURRENCE_ORDER, .cause = {{7}}};
    struct seen_key key = seen_key_of(&order);
    assert_int_equal(start(world, 1, &key, 1), 0);
    order.due_ms = 5;
    order.target.b[0] = 1;
    order.schedule_version = 9;
    key = seen_key_of(&order);
    assert_int_equal(seen_attempt(&world->journal.seen, &key), 1);
    order.cause.b[1] = 1;
    key = seen_key_of(&order);
    assert_int_equal(seen_attempt(&world->journal.seen, &key), 0);
}

static void a_mark_torn_at_any_byte_is_as_if_never_written(void **state)
{
    struct world *world = *state;
    struct seen_key first = key_of("main/a", 0, 1000), second = key_of("main/a", 0, 2000);
    assert_int_equal(start(world, 1, &first, 1), 0);
    uint64_t before = world->journal.log.size_bytes;
    assert_int_equal(start(world, 2, &second, 1), 0);
    uint64_t after = world->journal.log.size_bytes;
    for (uint64_t size = after; size-- > before;) {
        journal_close(&world->journal);
        int fd = openat(world->directory, "journal", O_RDWR | O_CLOEXEC);
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        close(fd);
        open_journal(world);
        assert_int_equal(world->left_count, 1);
        assert_int_equal(seen_attempt(&world->journal.seen, &first), 1);
        assert_int_equal(seen_attempt(&world->journal.seen, &second), 0);
    }
}

static void rewriting_keeps_what_counts_and_shrinks_the_file(void **state)
{
    struct world *world = *state;
    struct seen_key open_key = key_of("main/open", 0, 1), ended_key = key_of("main/ended", 0, 1);
    struct stat status;
    assert_int_equal(start(world, 1000001, &open_key, 1), 0);
    assert_int_equal(start(world, 1000002, &ended_key, 1), 0);
    end(world, 1000002, 4);
    uint64_t largest = 0;
    for (uint64_t i = 1; i <= 6000; i++) {
        struct seen_key key = key_of("main/a", 0, (int64_t)i);
        assert_int_equal(start(world, i, &key, 1), 0);
        end(world, i, 0);
        acknowledge(world, i);
        largest = MAX_OF(largest, world->journal.log.size_bytes);
        if (i % 1000 == 0)
            assert_int_equal(journal_sync(&world->journal, NOW), 0);
    }
    assert_int_equal(fstat(world->journal.log.fd, &status), 0);
    assert_true(world->journal.log.size_bytes < largest);
    reopen(world);
    assert_int_equal(world->left_count, 2);
    for (uint64_t i = 1; i <= 6000; i++) {
        struct seen_key key = key_of("main/a", 0, (int64_t)i);
        assert_int_equal(seen_attempt(&world->journal.seen, &key), 1);
    }
    assert_int_equal(seen_attempt(&world->journal.seen, &open_key), 1);
}

static void forgetting_costs_the_busy_trigger_and_lets_nothing_start_twice(void **state)
{
    struct seen seen = {0};
    struct seen_key weekly = key_of("main/weekly", 0, 7), key;
    (void)state;
    assert_true(seen_add(&seen, &weekly, 1, NOW));
    const int64_t count = SEEN_COUNT_MAX + 1000;
    for (int64_t due = 1; due <= count; due++) {
        key = key_of("main/each-second", 0, due);
        assert_int_equal(seen_attempt(&seen, &key), 0);
        assert_false(seen_is_forgotten(&seen, &key));
        assert_true(seen_add(&seen, &key, 1, NOW));
    }
    assert_true(seen.count <= SEEN_COUNT_MAX);
    assert_int_equal(seen_attempt(&seen, &weekly), 1);
    assert_false(seen_is_forgotten(&seen, &weekly));
    for (int64_t due = 1; due <= count; due++) {
        key = key_of("main/each-second", 0, due);
        assert_true(seen_attempt(&seen, &key) == 1 || seen_is_forgotten(&seen, &key));
    }
    seen_deinit(&seen);
}

static void orders_are_never_forgotten_to_make_room(void **state)
{
    struct seen seen = {0};
    struct seen_key key;
    (void)state;
    for (int64_t i = 0; i < SEEN_COUNT_MAX; i++) {
        key = key_of("main/a", OCCURRENCE_ORDER, i + 1);
        assert_true(seen_add(&seen, &key, 1, NOW));
    }
    key = key_of("main/a", OCCURRENCE_ORDER, SEEN_COUNT_MAX + 1);
    assert_false(seen_add(&seen, &key, 1, NOW));
    key = key_of("main/a", OCCURRENCE_ORDER, 1);
    assert_true(seen_add(&seen, &key, 2, NOW)); // a retry of a known one needs no room
    seen_deinit(&seen);
}

static void age_forgets_only_beyond_the_newest(void **state)
{
    struct seen seen = {0};
    struct seen_key key;
    (void)state;
    for (int64_t i = 0; i < SEEN_COUNT_KEPT; i++) {
        key = key_of("main/a", 0, i);
        assert_true(seen_add(&seen, &key, 1, NOW + i));
    }
    seen_expire(&seen, NOW + 100 * SEEN_AGE_MS);
    assert_int_equal(seen.count, SEEN_COUNT_KEPT);
    key = key_of("main/a", 0, SEEN_COUNT_KEPT);
    assert_true(seen_add(&seen, &key, 1, NOW + SEEN_COUNT_KEPT));
    seen_expire(&seen, NOW + SEEN_AGE_MS / 2);
    assert_int_equal(seen.count, SEEN_COUNT_KEPT + 1);
    seen_expire(&seen, NOW + 100 * SEEN_AGE_MS);
    assert_int_equal(seen.count, SEEN_COUNT_KEPT);
    key = key_of("main/a", 0, 0);
    assert_true(seen_is_forgotten(&seen, &key));
    seen_deinit(&seen);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_run_without_an_end_is_found_by_the_next_runner),
        TEST(an_end_is_told_again_until_it_is_acknowledged),
        TEST(occurrences_differ_by_each_of_their_parts),
        TEST(an_order_counts_once_whatever_its_start_says),
        TEST(a_mark_torn_at_any_byte_is_as_if_never_written),
        TEST(rewriting_keeps_what_counts_and_shrinks_the_file),
        cmocka_unit_test(forgetting_costs_the_busy_trigger_and_lets_nothing_start_twice),
        cmocka_unit_test(orders_are_never_forgotten_to_make_room),
        cmocka_unit_test(age_forgets_only_beyond_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
