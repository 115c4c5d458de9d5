#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/support_store.h"

// Every test has a disk of its own: a tmpfs of a few mebibytes, seen by this process alone.
static bool has_disks;
static struct support_store fixture;
static char filler[SUPPORT_DIR_ROOM + 16];

static bool write_text(const char *path, const char *text)
{
    int file = open(path, O_WRONLY);
    bool ok = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
    if (file >= 0)
        close(file);
    return ok;
}

static bool make_mount_space(void)
{
    char map[64];
    unsigned user = geteuid();
    if (unshare(CLONE_NEWNS) == 0)
        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return false;
    snprintf(map, sizeof map, "0 %u 1", user);
    return write_text("/proc/self/uid_map", map) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int set_up(void **state)
{
    (void)state;
    support_store_init(&fixture);
    snprintf(filler, sizeof filler, "%s/filler", fixture.directory);
    if (has_disks && mount("tmpfs", fixture.directory, "tmpfs", 0, "size=12m"))
        return -1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_store_close(&fixture);
    if (has_disks)
        umount(fixture.directory);
    support_store_deinit(&fixture);
    return 0;
}

static void need_disk(void)
{
    if (!has_disks) {
        print_message("no right to mount a small disk here\n");
        skip();
    }
}

static void fill_disk(void)
{
    static char block[4096];
    int file = open(filler, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(file >= 0);
    while (write(file, block, sizeof block) == (ssize_t)sizeof block)
        ;
    close(file);
}

// All but so much of it.
static void leave_room(size_t size_bytes)
{
    struct stat status;
    fill_disk();
    assert_int_equal(stat(filler, &status), 0);
    assert_int_equal(truncate(filler, status.st_size - (off_t)size_bytes), 0);
}

static bool has_ballast(void)
{
    char path[SUPPORT_DIR_ROOM + 16];
    snprintf(path, sizeof path, "%s/ballast", fixture.directory);
    return access(path, F_OK) == 0;
}

static void wait_for(enum event_storage storage)
{
    struct event event;
    while (fixture.storage != storage)
        support_store_wait(&fixture, &event);
}

// A stretch of output that does not compress.
static void put_output(uint32_t index, enum effect_write_class class)
{
    static char data[LIMIT_LOG_SEGMENT_SIZE_MAX];
    uint64_t random = index;
    struct fleet_id fleet = {.hash = {.b = {7}}};
    struct envelope_signer key = support_signer(&fleet, 1);
    struct buffer body = {0}, envelope = {0};
    for (size_t i = 0; i < sizeof data; i += sizeof random) {
        uint64_t number = support_random(&random);
        memcpy(data + i, &number, sizeof number);
    }
    struct ledger_segment segment = {.run = {.b = {3}}, .index = index, .data = bytes_of(data, sizeof data)};
    segment.hash = ledger_segment_hash(&segment);
    ledger_segments_encode(&segment, 1, &body);
    struct record_id id = envelope_sign(&key, ENVELOPE_SEGMENT, buffer_view(&body), &envelope);
    struct effect_write write = {
        .kind = EFFECT_WRITE_SEGMENT,
        .class = class,
        .record = id.hash,
        .record_kind = ENVELOPE_SEGMENT,
        .envelope = buffer_view(&envelope),
    };
    support_store_write(&fixture, &write);
    buffer_deinit(&body);
    buffer_deinit(&envelope);
}

static void put_pause(uint64_t stamp)
{
    struct buffer body = {0};
    buffer_add_u64(&body, stamp);
    support_store_sign(&fixture, 2, ENVELOPE_PAUSE, &body);
}

// The store's thread writes its ballast before it says what is stored; until then the room is not ours to
// take.
static void open_store(void)
{
    struct support_rows rows;
    support_store_open(&fixture);
    support_store_gather(&fixture, 0, &rows);
    support_rows_deinit(&rows);
}

static void write_until_full(void)
{
    struct event event;
    for (uint32_t index = 0; fixture.storage == EVENT_STORAGE_OK && index < 1000; index++) {
        put_output(index, EFFECT_WRITE_MAY);
        while (fixture.settled + fixture.refused < fixture.ticket)
            support_store_wait(&fixture, &event);
    }
    assert_int_equal(fixture.storage, EVENT_STORAGE_FULL);
}

static void fill_store(void)
{
    open_store();
    assert_true(has_ballast());
    fill_disk();
    write_until_full();
}

static void a_full_disk_is_said_and_output_refused(void **state)
{
    (void)state;
    need_disk();
    fill_store();
    assert_true(fixture.refused > 0);
    assert_false(has_ballast());
}

static void pauses_get_the_room_of_the_ballast(void **state)
{
    (void)state;
    struct support_rows rows;
    need_disk();
    fill_store();
    for (uint64_t stamp = 0; stamp < 50; stamp++)
        put_pause(stamp);
    support_store_settle(&fixture);
    support_store_close(&fixture);
    support_store_open(&fixture);
    support_store_gather(&fixture, 0, &rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_RECORD), 50);
    assert_int_equal(fixture.storage, EVENT_STORAGE_FULL); // said again after a restart
    support_rows_deinit(&rows);
}

// Each is a commit of its own and takes more of the log than of the file: that must not eat up the room.
static void pauses_that_come_one_by_one_get_it_too(void **state)
{
    (void)state;
    struct support_rows rows;
    need_disk();
    fill_store();
    for (uint64_t stamp = 0; stamp < 500; stamp++) {
        put_pause(stamp);
        support_store_settle(&fixture);
    }
    support_store_reload(&fixture, &rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_RECORD), 500);
    support_rows_deinit(&rows);
}

// Much was written when the last of the room went: the file is behind its log as far as it may be.
static void a_long_log_does_not_keep_the_ballast_from_pauses(void **state)
{
    (void)state;
    need_disk();
    open_store();
    leave_room(900 * 1024);
    write_until_full();
    for (uint64_t stamp = 0; stamp < 200; stamp++) {
        put_pause(stamp);
        support_store_settle(&fixture);
    }
}

static void room_that_returns_is_noticed(void **state)
{
    (void)state;
    need_disk();
    fill_store();
    uint64_t refused = fixture.refused;
    unlink(filler);
    wait_for(EVENT_STORAGE_OK);
    assert_true(has_ballast());
    put_output(5000, EFFECT_WRITE_MAY);
    support_store_settle(&fixture);
    assert_int_equal(fixture.refused, refused);
}

// Nothing is left to give up, and still the node has to count its generation before it says a word.
static void a_full_disk_without_ballast_can_be_started_from(void **state)
{
    (void)state;
    uint64_t before = 0, after = 0;
    need_disk();
    assert_int_equal(store_open(fixture.path, &fixture.options, &fixture.store), 0);
    assert_int_equal(store_next_generation(fixture.store, &before), 0);
    support_store_close(&fixture);
    fill_store();
    fill_disk();
    assert_false(has_ballast());
    support_store_close(&fixture);
    fill_disk(); // what the log had
    assert_int_equal(store_open(fixture.path, &fixture.options, &fixture.store), 0);
    assert_int_equal(store_next_generation(fixture.store, &after), 0);
    assert_int_equal(after, before + 1);
    fixture.storage = EVENT_STORAGE_OK;
    store_start(fixture.store);
    wait_for(EVENT_STORAGE_FULL);
    put_pause(1);
    unlink(filler);
    support_store_settle(&fixture);
    wait_for(EVENT_STORAGE_OK);
}

static void what_must_be_written_waits_for_room(void **state)
{
    (void)state;
    need_disk();
    fill_store();
    uint64_t refused = fixture.refused;
    for (uint32_t index = 0; index < 150; index++) // more than the ballast holds
        put_output(10000 + index, EFFECT_WRITE_MUST);
    put_output(20000, EFFECT_WRITE_MAY); // told after those before it
    struct support_rows rows;
    struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_STORY, .job = ""};
    support_store_ask(&fixture, &query, &rows); // all of that was tried
    support_rows_deinit(&rows);
    assert_true(fixture.settled < fixture.ticket - 1);
    assert_int_equal(fixture.refused, refused);
    assert_true(store_unsettled_bytes(fixture.store) > 0);
    unlink(filler);
    struct event event;
    while (fixture.refused == refused)
        support_store_wait(&fixture, &event);
    assert_int_equal(fixture.refused, refused + 1);
    assert_int_equal(fixture.settled, fixture.ticket - 1);
    assert_int_equal(store_unsettled_bytes(fixture.store), 0);
}

static void forgetting_history_works_on_a_full_disk(void **state)
{
    (void)state;
    need_disk();
    open_store();
    for (int64_t due_ms = 1; due_ms <= 200; due_ms++) {
        struct ledger_occurrence due = support_due("a", SUPPORT_WALL_MS + due_ms);
        struct ledger_claim claim = support_claim(&due);
        struct ledger_result result = support_result(&due, LEDGER_OK);
        support_store_claim(&fixture, &claim);
        support_store_result(&fixture, &result);
    }
    support_store_settle(&fixture);
    fill_disk();
    write_until_full();
    struct effect_write retain = {
        .kind = EFFECT_WRITE_RETAIN,
        .class = EFFECT_WRITE_MUST,
        .job = "main/a",
        .keep_runs = 10,
    };
    struct support_rows rows;
    support_store_write(&fixture, &retain);
    support_store_settle(&fixture);
    struct effect_query query = {.query = 1, .kind = EFFECT_QUERY_RUNS, .job = "main/a", .limit = 1000};
    size_t count = 400;
    for (int round = 0; round < 1000 && count != 20; round++) { // by and by
        support_store_ask(&fixture, &query, &rows);
        count = rows.count;
        support_rows_deinit(&rows);
    }
    assert_int_equal(count, 20);
}

static void a_disk_that_is_full_at_the_start_is_said(void **state)
{
    (void)state;
    struct support_rows rows;
    need_disk();
    support_store_open(&fixture);
    put_pause(1);
    support_store_settle(&fixture);
    support_store_close(&fixture);
    char path[SUPPORT_DIR_ROOM + 16];
    snprintf(path, sizeof path, "%s/ballast", fixture.directory);
    unlink(path);
    fill_disk();
    support_store_open(&fixture);
    support_store_gather(&fixture, 0, &rows);
    assert_int_equal(rows.count, 1);
    assert_int_equal(fixture.storage, EVENT_STORAGE_FULL);
    support_rows_deinit(&rows);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_is_said_and_output_refused),
        TEST(pauses_get_the_room_of_the_ballast),
        TEST(pauses_that_come_one_by_one_get_it_too),
        TEST(a_long_log_does_not_keep_the_ballast_from_pauses),
        TEST(room_that_returns_is_noticed),
        TEST(a_full_disk_without_ballast_can_be_started_from),
        TEST(what_must_be_written_waits_for_room),
        TEST(forgetting_history_works_on_a_full_disk),
        TEST(a_disk_that_is_full_at_the_start_is_said),
    };
    has_disks = make_mount_space();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
