#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/unit/support_store.h"

static struct support_store *const fixture = &support_store_fixture;

static void put_record(uint64_t stamp)
{
    struct buffer body = {0};
    buffer_add_u64(&body, stamp); // the store does not read it
    support_store_sign(fixture, 2, ENVELOPE_PAUSE, &body);
}

static void expect_refusal(int expected, const char *hint)
{
    char text[512];
    int outcome = store_open(fixture->path, &fixture->options, &fixture->store);
    assert_int_equal(outcome, expected);
    store_explain(outcome, fixture->path, text, sizeof text);
    assert_non_null(strstr(text, hint));
    assert_non_null(strstr(text, fixture->path));
    assert_null(strchr(text, '\n'));
}

static void scribble(off_t offset, size_t size)
{
    int file = open(fixture->path, O_WRONLY);
    char *noise = base_alloc(size, 1);
    memset(noise, 0x5a, size);
    assert_int_equal(pwrite(file, noise, size, offset), (ssize_t)size);
    free(noise);
    close(file);
}

static void the_generation_rises_with_every_start(void **state)
{
    (void)state;
    support_store_close(fixture);
    for (uint64_t expected = 1; expected < 4; expected++) {
        uint64_t generation = 0;
        struct buffer value = {0};
        assert_int_equal(store_open(fixture->path, &fixture->options, &fixture->store), 0);
        assert_int_equal(store_next_generation(fixture->store, &generation), 0);
        assert_int_equal(generation, expected);
        assert_int_equal(store_find_meta(fixture->store, "nothing", &value), STORE_NOT_FOUND);
        support_store_close(fixture);
    }
}

// The database may be moved away, and the file beside it be torn: the other still knows.
static void the_generation_survives_the_loss_of_either_place(void **state)
{
    (void)state;
    char path[SUPPORT_DIR_ROOM + 16];
    uint64_t generation = 0;
    snprintf(path, sizeof path, "%s/generation", fixture->directory);
    support_store_close(fixture);
    for (uint64_t expected = 1; expected < 7; expected++) {
        assert_int_equal(store_open(fixture->path, &fixture->options, &fixture->store), 0);
        assert_int_equal(store_next_generation(fixture->store, &generation), 0);
        assert_int_equal(generation, expected);
        support_store_close(fixture);
        if (expected % 3 == 0)
            assert_int_equal(unlink(fixture->path), 0);
        else if (expected % 3 == 1)
            assert_int_equal(truncate(path, 100), 0);
    }
}

static void a_damaged_file_is_refused_with_advice(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200; i++)
        put_record(i);
    support_store_close(fixture);
    scribble(4096, 20000); // pages of data
    expect_refusal(STORE_CORRUPT, "move it away");
    scribble(0, 100); // the header
    expect_refusal(STORE_CORRUPT, "move it away");
}

static void a_database_of_a_later_version_is_not_touched(void **state)
{
    (void)state;
    sqlite3 *connection;
    support_store_close(fixture);
    assert_int_equal(sqlite3_open(fixture->path, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, "PRAGMA user_version = 1000", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(connection);
    expect_refusal(STORE_NEWER, "newer version");
}

static void two_processes_do_not_share_a_store(void **state)
{
    (void)state;
    struct support_rows rows;
    struct store *second = NULL;
    support_store_gather(fixture, 0, &rows);
    support_rows_deinit(&rows);
    sqlite3 *connection;
    assert_int_equal(sqlite3_open(fixture->path, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, "SELECT * FROM meta", NULL, NULL, NULL), SQLITE_BUSY);
    sqlite3_close(connection);
    assert_int_equal(store_open(fixture->path, &fixture->options, &second), STORE_BUSY);
}

static void the_index_of_the_log_is_no_file(void **state)
{
    (void)state;
    char path[SUPPORT_DIR_ROOM + 32];
    put_record(1);
    support_store_settle(fixture);
    snprintf(path, sizeof path, "%s-shm", fixture->path);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_store_below_no_directory_is_an_error(void **state)
{
    (void)state;
    struct store *store = NULL;
    assert_int_equal(store_open("/nonexistent/katydid.db", &fixture->options, &store), STORE_FAILED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, support_store_set_up, support_store_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_damaged_file_is_refused_with_advice),
        TEST(a_database_of_a_later_version_is_not_touched),
        TEST(two_processes_do_not_share_a_store),
        TEST(the_index_of_the_log_is_no_file),
        TEST(a_store_below_no_directory_is_an_error),
        TEST(the_generation_rises_with_every_start),
        TEST(the_generation_survives_the_loss_of_either_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
