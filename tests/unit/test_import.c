#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/import.h"
#include "tests/unit/support_import.h"
#include "tests/unit/support_store.h"

static struct support_store fixture;
static struct support_import import;
static int directory;

static int set_up(void **state)
{
    (void)state;
    support_store_init(&fixture);
    support_import_init(&import);
    directory = open(fixture.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(directory);
    support_import_deinit(&import);
    support_store_deinit(&fixture);
    return 0;
}

static int take_in(void)
{
    assert_int_equal(store_open(fixture.path, &fixture.options, &fixture.store), 0);
    return import_take(directory, &import.trust.fleet, fixture.store);
}

static bool is_there(void)
{
    return faccessat(directory, "import", F_OK, 0) == 0;
}

static void gather(struct support_rows *ret_rows)
{
    store_start(fixture.store);
    support_store_gather(&fixture, 0, ret_rows);
}

static void everything_is_stored_once_and_the_file_removed(void **state)
{
    (void)state;
    struct support_rows rows;
    support_import_add_definition(&import, "a");
    support_import_save(&import, fixture.directory);
    assert_int_equal(take_in(), 0);
    assert_false(is_there());
    assert_int_equal(import_take(directory, &import.trust.fleet, fixture.store), 0); // nothing there: fine
    gather(&rows);
    assert_int_equal(rows.count, import.record_count);
    assert_true(hash_equal(&rows.rows[0].record, &import.trust.fleet.hash)); // genesis first
    support_rows_deinit(&rows);
}

static void a_crash_before_the_removal_does_no_harm(void **state)
{
    (void)state;
    struct support_rows rows;
    support_import_save(&import, fixture.directory);
    assert_int_equal(take_in(), 0);
    support_import_save(&import, fixture.directory);
    assert_int_equal(import_take(directory, &import.trust.fleet, fixture.store), 0);
    gather(&rows);
    assert_int_equal(rows.count, import.record_count);
    support_rows_deinit(&rows);
}

static void an_alive_record_becomes_a_known_member(void **state)
{
    (void)state;
    struct support_rows rows;
    support_import_add_alive(&import, "127.0.0.9:5289");
    support_import_save(&import, fixture.directory);
    assert_int_equal(take_in(), 0);
    gather(&rows);
    assert_int_equal(support_rows_count(&rows, EVENT_ROW_META), 1);
    assert_int_equal(rows.text[rows.count - 1][0], ENVELOPE_ALIVE);
    support_rows_deinit(&rows);
}

static void the_order_of_records_does_not_matter(void **state)
{
    (void)state;
    struct support_rows rows;
    struct buffer reversed = {0};
    struct reader reader;
    support_import_add_definition(&import, "a");
    reader_init(&reader, buffer_view(&import.file));
    while (reader.rest.size) { // puts each in front of those before
        struct buffer front = {0};
        uint32_t size = reader_u32(&reader);
        buffer_add_u32(&front, size);
        struct bytes whole = reader_bytes(&reader, size);
        buffer_add(&front, whole.data, whole.size);
        buffer_add(&front, reversed.data, reversed.size);
        buffer_deinit(&reversed);
        reversed = front;
    }
    buffer_deinit(&import.file);
    import.file = reversed;
    support_import_save(&import, fixture.directory);
    assert_int_equal(take_in(), 0);
    gather(&rows);
    assert_int_equal(rows.count, import.record_count);
    support_rows_deinit(&rows);
}

static void a_forged_record_spoils_the_whole_file(void **state)
{
    (void)state;
    import.file.data[import.file.size - 1] ^= 1;
    support_import_save(&import, fixture.directory);
    assert_int_equal(take_in(), IMPORT_DAMAGED);
    assert_true(is_there());
}

static void a_file_cut_off_is_damaged(void **state)
{
    (void)state;
    import.file.size -= 7;
    support_import_save(&import, fixture.directory);
    assert_int_equal(take_in(), IMPORT_DAMAGED);
}

static void the_genesis_of_another_fleet_is_refused(void **state)
{
    (void)state;
    support_import_save(&import, fixture.directory);
    import.trust.fleet.hash.b[0] ^= 1;
    assert_int_equal(take_in(), IMPORT_DAMAGED);
}

static void a_record_of_a_stranger_is_left_out(void **state)
{
    (void)state;
    struct support_rows rows;
    struct buffer envelope = {0};
    struct definition definition = support_definition("theirs");
    struct envelope_signer stranger = support_signer(&import.trust.fleet, SUPPORT_CAROL);
    size_t expected = import.record_count;
    support_sign_definition(&stranger, &definition, &envelope);
    support_import_add(&import, buffer_view(&envelope));
    buffer_deinit(&envelope);
    support_import_save(&import, fixture.directory);
    assert_int_equal(take_in(), 0);
    gather(&rows);
    assert_int_equal(rows.count, expected);
    support_rows_deinit(&rows);
}

static void seeds_are_lines_of_numeric_addresses(void **state)
{
    (void)state;
    struct address seeds[3];
    assert_int_equal(import_seeds(directory, seeds, 3), 0);
    int file = openat(directory, "seeds", O_WRONLY | O_CREAT, 0600);
    const char text[] = "127.0.0.1:1\nnot an address\n[::1]\n127.0.0.3:3\n127.0.0.4:4\n";
    assert_int_equal(write(file, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(file);
    assert_int_equal(import_seeds(directory, seeds, 3), 3);
    assert_int_equal(seeds[0].port, 1);
    assert_int_equal(seeds[1].port, 5289);
    assert_int_equal(seeds[2].port, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(everything_is_stored_once_and_the_file_removed), TEST(a_crash_before_the_removal_does_no_harm),
        TEST(an_alive_record_becomes_a_known_member),         TEST(the_order_of_records_does_not_matter),
        TEST(a_forged_record_spoils_the_whole_file),          TEST(a_file_cut_off_is_damaged),
        TEST(the_genesis_of_another_fleet_is_refused),        TEST(a_record_of_a_stranger_is_left_out),
        TEST(seeds_are_lines_of_numeric_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
