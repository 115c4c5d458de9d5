#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/unit/support_store.h"
#include "tests/unit/support_vfs.h"

enum { WRITE_COUNT = 40 };

static struct support_store fixture;
static char replayed[SUPPORT_DIR_ROOM];

static int set_up(void **state)
{
    (void)state;
    support_vfs_register();
    support_store_init(&fixture);
    support_dir_make(replayed);
    fixture.options.vfs = SUPPORT_VFS_NAME;
    fixture.options.checkpoint_pages = 24; // a few of them on the tape
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_store_deinit(&fixture);
    support_dir_remove(replayed);
    support_vfs_clear();
    return 0;
}

// Write number n puts meta key "n" and, every third time, a claim due at n.
static void put(uint64_t number)
{
    char key[24];
    if (number % 3 == 0) {
        struct ledger_occurrence due = support_due("a", (int64_t)number);
        struct ledger_claim claim = support_claim(&due);
        support_store_claim(&fixture, &claim);
        return;
    }
    snprintf(key, sizeof key, "%llu", (unsigned long long)number);
    struct effect_write write = {.kind = EFFECT_WRITE_META, .key = key, .value = bytes_of("x", 1)};
    support_store_write(&fixture, &write);
}

// One to four writes at a time, so that transactions hold several.
static void record(void)
{
    uint64_t number = 0;
    support_store_open(&fixture);
    while (number < WRITE_COUNT) {
        for (uint64_t i = 0; i <= number % 4; i++)
            put(fixture.ticket + 1);
        number = fixture.ticket;
        support_store_settle(&fixture);
        support_vfs_mark(fixture.settled);
    }
    support_store_close(&fixture);
}

static sqlite3_int64 number_of(sqlite3 *connection, const char *question)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(connection, question, -1, &statement, NULL) != SQLITE_OK)
        return -1;
    sqlite3_int64 number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return number;
}

static bool is_sound(sqlite3 *connection)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(connection, "PRAGMA integrity_check", -1, &statement, NULL) != SQLITE_OK)
        return false;
    bool ok = sqlite3_step(statement) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
    sqlite3_finalize(statement);
    return ok;
}

static const char everything[] = "(SELECT CAST(key AS INTEGER) n FROM meta UNION SELECT last FROM item)";

// What was acknowledged is there, and what is there has no gap: writes reach the disk in their order.
static bool holds(uint64_t acknowledged)
{
    char path[SUPPORT_DIR_ROOM + 16], question[256];
    sqlite3 *connection;
    snprintf(path, sizeof path, "%s/katydid.db", replayed);
    int result = sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, NULL);
    if (result != SQLITE_OK) {
        sqlite3_close(connection);
        return acknowledged == 0; // the name of the file was not durable yet
    }
    sqlite3_exec(connection, "PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    bool is_empty = number_of(connection, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'meta'") == 0;
    bool ok = is_sound(connection) && (!is_empty || acknowledged == 0);
    if (ok && !is_empty) {
        snprintf(question, sizeof question, "SELECT COALESCE(MAX(n), 0) FROM %s", everything);
        sqlite3_int64 newest = number_of(connection, question);
        snprintf(question, sizeof question, "SELECT COUNT(*) FROM %s", everything);
        ok = newest >= (sqlite3_int64)acknowledged && number_of(connection, question) == newest;
    }
    sqlite3_close(connection);
    return ok;
}

// Stops at the first when the disk lies: there, one is enough.
static size_t count_losses(void)
{
    size_t losses = 0;
    for (size_t count = 0; count <= support_vfs_count(); count++) {
        for (enum support_vfs_loss loss = 0; loss < SUPPORT_VFS_LOSS_COUNT; loss++) {
            uint64_t acknowledged = support_vfs_replay(count, loss, count, replayed);
            if (holds(acknowledged))
                continue;
            losses++;
            if (support_vfs_faults.sync_lies)
                return losses;
            print_error("cut after %zu, loss %d: ticket %llu\n", count, (int)loss,
                        (unsigned long long)acknowledged);
        }
    }
    return losses;
}

static void nothing_acknowledged_is_lost_wherever_power_goes(void **state)
{
    (void)state;
    record();
    assert_true(support_vfs_count() > 150);
    assert_int_equal(count_losses(), 0);
}

static void a_disk_that_lies_about_syncs_is_found_out(void **state)
{
    (void)state;
    record();
    support_vfs_faults.sync_lies = true;
    assert_true(count_losses() > 0);
    support_vfs_faults.sync_lies = false;
}

static void a_store_opens_again_after_a_cut(void **state)
{
    (void)state;
    struct support_rows rows;
    record();
    size_t cut = support_vfs_count() / 2;
    uint64_t acknowledged = support_vfs_replay(cut, SUPPORT_VFS_PART, 7, fixture.directory);
    fixture.options.vfs = NULL;
    support_store_open(&fixture);
    support_store_gather(&fixture, 0, &rows);
    assert_false(rows.failed);
    assert_true(rows.count >= acknowledged);
    support_rows_deinit(&rows);
}

static void expect_failed(void)
{
    struct event event;
    uint64_t settled = fixture.settled;
    while (fixture.storage != EVENT_STORAGE_FAILED)
        support_store_wait(&fixture, &event);
    assert_int_equal(fixture.settled, settled);
}

// Asks something, so that everything handed over before has been dealt with.
static void go_round(void)
{
    struct support_rows rows;
    struct effect_query query = {.query = 99, .kind = EFFECT_QUERY_STORY, .job = ""};
    store_query(fixture.store, &query);
    support_store_gather(&fixture, 99, &rows);
    support_rows_deinit(&rows);
}

static void after_a_failed_sync_nothing_is_acknowledged(void **state)
{
    (void)state;
    support_store_open(&fixture);
    put(1);
    support_store_settle(&fixture);
    support_vfs_faults.sync_fails = "";
    put(2);
    expect_failed();
    support_vfs_faults.sync_fails = NULL; // the kernel calls the lost pages clean: a second try would lie
    put(4);
    go_round();
    assert_int_equal(fixture.settled, 1);
    assert_int_equal(fixture.refused, 0);
    assert_int_equal(store_unsettled_bytes(fixture.store), 0);
}

static void after_a_failed_write_nothing_is_acknowledged(void **state)
{
    (void)state;
    support_store_open(&fixture);
    put(1);
    support_store_settle(&fixture);
    support_vfs_faults.write_fails = true;
    put(2);
    expect_failed();
    support_vfs_faults.write_fails = false;
}

// The writes are in the log, which syncs; the database file, to which they are copied back, does not.
static void a_checkpoint_that_cannot_sync_is_not_swallowed(void **state)
{
    (void)state;
    fixture.options.checkpoint_pages = 1000000;
    support_store_open(&fixture);
    for (uint64_t number = 1; number <= 30; number++)
        put(number);
    support_store_settle(&fixture);
    support_store_close(&fixture);
    fixture.options.checkpoint_pages = 1;
    support_store_open(&fixture);
    put(31);
    support_store_settle(&fixture);
    go_round();
    support_vfs_faults.sync_fails = "katydid.db";
    put(32); // is in the log, durable
    struct event event;
    while (fixture.storage != EVENT_STORAGE_FAILED)
        support_store_wait(&fixture, &event);
    support_vfs_faults.sync_fails = NULL;
    put(33);
    go_round();
    assert_int_equal(fixture.settled, 32);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_acknowledged_is_lost_wherever_power_goes),
        TEST(a_disk_that_lies_about_syncs_is_found_out),
        TEST(a_store_opens_again_after_a_cut),
        TEST(after_a_failed_sync_nothing_is_acknowledged),
        TEST(after_a_failed_write_nothing_is_acknowledged),
        TEST(a_checkpoint_that_cannot_sync_is_not_swallowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
