// test_applog.c - the checked log: torn at every byte, flipped at every bit that matters, replaced, full.
#include "node/io/runner/applog.h"

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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/store/ballast.h"
#include "tests/unit/support_dir.h"

struct world {
    char path[SUPPORT_DIR_ROOM];
    int directory;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    support_dir_make(world->path);
    world->directory = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = world;
    return world->directory < 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    close(world->directory);
    support_dir_remove(world->path);
    free(world);
    return 0;
}

// Collects entries as "a,b,c,".
static void collect(void *context, struct bytes payload)
{
    struct buffer *seen = context;
    buffer_add(seen, payload.data, payload.size);
    buffer_add_u8(seen, ',');
}

static void open_log(struct world *world, struct applog *log, struct buffer *seen)
{
    assert_int_equal(applog_open(log, world->directory, "log", collect, seen), 0);
}

static void append(struct applog *log, const char *text)
{
    assert_int_equal(applog_append(log, bytes_of_text(text)), 0);
}

static bool seen_is(const struct buffer *seen, const char *text)
{
    return bytes_equal(buffer_view(seen), bytes_of_text(text));
}

// Writes three entries; returns the file's bytes without what was reserved, and where each entry ends.
static struct buffer write_three(struct world *world, size_t ret_ends[4])
{
    struct applog log;
    struct buffer seen = {0}, file = {0};
    open_log(world, &log, &seen);
    ret_ends[0] = log.size_bytes;
    const char *const texts[3] = {"first", "second", "third one"};
    for (int i = 0; i < 3; i++) {
        append(&log, texts[i]);
        ret_ends[i + 1] = log.size_bytes;
    }
    assert_int_equal(applog_sync(&log), 0);
    uint8_t content[4096];
    ssize_t size = pread(log.fd, content, log.size_bytes, 0);
    buffer_add(&file, content, (size_t)size);
    applog_close(&log);
    buffer_deinit(&seen);
    return file;
}

static void put_file(struct world *world, struct bytes content)
{
    int fd = openat(world->directory, "log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, content.data, content.size), content.size);
    close(fd);
}

static void what_was_appended_is_read_back(void **state)
{
    struct applog log;
    struct buffer seen = {0};
    size_t ends[4];
    struct buffer file = write_three(*state, ends);
    open_log(*state, &log, &seen);
    assert_true(seen_is(&seen, "first,second,third one,"));
    assert_int_equal(log.torn_bytes, 0);
    assert_int_equal(log.damaged_bytes, 0);
    append(&log, "fourth");
    applog_close(&log);
    buffer_clear(&seen);
    open_log(*state, &log, &seen);
    assert_true(seen_is(&seen, "first,second,third one,fourth,"));
    applog_close(&log);
    buffer_deinit(&seen);
    buffer_deinit(&file);
}

static const char *whole_entries(size_t size, const size_t ends[4])
{
    return size >= ends[3]   ? "first,second,third one,"
           : size >= ends[2] ? "first,second,"
           : size >= ends[1] ? "first,"
                             : "";
}

static void a_tail_torn_at_any_byte_costs_only_the_torn_entry(void **state)
{
    size_t ends[4];
    struct buffer file = write_three(*state, ends);
    for (size_t size = 0; size <= file.size; size++)
        for (int zeroes = 0; zeroes <= 1; zeroes++) { // the reserved rest may be there or not
            struct applog log;
            struct buffer seen = {0}, torn = {0};
            buffer_add(&torn, file.data, size);
            for (int i = 0; zeroes && size >= ends[0] && i < 300; i++)
                buffer_add_u8(&torn, 0);
            put_file(*state, buffer_view(&torn));
            open_log(*state, &log, &seen);
            assert_true(seen_is(&seen, whole_entries(size, ends)));
            assert_int_equal(log.damaged_bytes, 0);
            bool on_border =
                size == 0 || size == ends[0] || size == ends[1] || size == ends[2] || size == ends[3];
            if (!zeroes)
                assert_int_equal(log.torn_bytes > 0, !on_border);
            append(&log, "after");
            applog_close(&log);
            buffer_clear(&seen);
            open_log(*state, &log, &seen);
            assert_memory_equal(seen.data + seen.size - 6, "after,", 6);
            assert_int_equal(log.torn_bytes + log.damaged_bytes, 0);
            applog_close(&log);
            buffer_deinit(&seen);
            buffer_deinit(&torn);
        }
    buffer_deinit(&file);
}

static void a_flipped_bit_costs_only_the_entry_it_is_in(void **state)
{
    size_t ends[4];
    struct buffer file = write_three(*state, ends);
    const char *const left[3] = {"second,third one,", "first,third one,", "first,second,"};
    for (size_t bit = ends[0] * 8; bit < ends[3] * 8; bit++) {
        struct applog log;
        struct buffer seen = {0};
        file.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        put_file(*state, buffer_view(&file));
        open_log(*state, &log, &seen);
        int hit = bit / 8 < ends[1] ? 0 : bit / 8 < ends[2] ? 1 : 2;
        assert_true(seen_is(&seen, left[hit]));
        assert_true(log.torn_bytes + log.damaged_bytes > 0);
        assert_int_equal(log.torn_bytes > 0, hit == 2);
        applog_close(&log);
        buffer_deinit(&seen);
        file.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    buffer_deinit(&file);
}

static void another_kind_of_file_is_refused_and_left_alone(void **state)
{
    struct applog log;
    struct buffer seen = {0};
    put_file(*state, bytes_of_text("SQLite format 3, or anything else"));
    assert_int_equal(applog_open(&log, ((struct world *)*state)->directory, "log", collect, &seen), -EBADMSG);
    int fd = openat(((struct world *)*state)->directory, "log", O_RDONLY | O_CLOEXEC);
    char content[8];
    assert_int_equal(read(fd, content, 6), 6);
    assert_memory_equal(content, "SQLite", 6);
    close(fd);
}

static int write_kept(void *context, struct applog *fresh)
{
    int r = applog_append(fresh, bytes_of_text("kept"));
    return r ? r : *(int *)context;
}

static void replacing_keeps_what_was_written_and_appends_go_on(void **state)
{
    struct applog log;
    struct buffer seen = {0};
    size_t ends[4];
    struct buffer file = write_three(*state, ends);
    int outcome = 0;
    open_log(*state, &log, &seen);
    assert_int_equal(applog_replace(&log, write_kept, &outcome), 0);
    append(&log, "more");
    applog_close(&log);
    buffer_clear(&seen);
    open_log(*state, &log, &seen);
    assert_true(seen_is(&seen, "kept,more,"));
    applog_close(&log);
    buffer_deinit(&seen);
    buffer_deinit(&file);
}

static void a_failed_replacement_changes_nothing(void **state)
{
    struct applog log;
    struct buffer seen = {0};
    size_t ends[4];
    struct buffer file = write_three(*state, ends);
    int outcome = -ENOSPC;
    struct stat status;
    open_log(*state, &log, &seen);
    assert_int_equal(applog_replace(&log, write_kept, &outcome), -ENOSPC);
    append(&log, "more");
    applog_close(&log);
    buffer_clear(&seen);
    open_log(*state, &log, &seen);
    assert_true(seen_is(&seen, "first,second,third one,more,"));
    assert_int_equal(fstatat(((struct world *)*state)->directory, "log.new", &status, 0), -1);
    applog_close(&log);
    buffer_deinit(&seen);
    buffer_deinit(&file);
}

static void appends_within_the_reserved_room_do_not_grow_the_file(void **state)
{
    struct applog log;
    struct buffer seen = {0};
    struct stat before, after;
    open_log(*state, &log, &seen);
    append(&log, "x");
    assert_int_equal(fstat(log.fd, &before), 0);
    assert_true(before.st_size > 4096);
    for (int i = 0; i < 100; i++)
        append(&log, "another one");
    assert_int_equal(fstat(log.fd, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    applog_close(&log);
    buffer_deinit(&seen);
}

// In a child with a disk of its own. 0: as it should be; 99: this machine lets us mount none.
static int fill_a_small_disk(struct world *world)
{
    struct applog log;
    struct buffer seen = {0};
    struct ballast ballast;
    const struct bytes entry = {(const uint8_t[60000]){1}, 60000};
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", world->path, "tmpfs", 0, "size=8m") != 0)
        return 99;
    int directory = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    if (applog_open(&log, directory, "log", collect, &seen) != 0)
        return 1;
    ballast_init(&ballast, directory);
    if (!ballast_make(&ballast))
        return 2;
    int r = 0;
    while (r == 0 && ballast.is_there && log.size_bytes < 16u << 20) {
        r = applog_append(&log, entry);
        ballast_init(&ballast, directory);
    }
    if (r != 0 || ballast.is_there)
        return 3; // the append that found the disk full succeeded all the same
    while (r == 0)
        r = applog_append(&log, entry);
    uint64_t size = log.size_bytes;
    if (r != -ENOSPC || applog_append(&log, bytes_of_text("small")) != 0 || log.size_bytes <= size)
        return 4; // what is reserved is still there for a small entry
    return 0;
}

static void a_full_disk_is_given_the_ballast(void **state)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(fill_a_small_disk(*state));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 99)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_appended_is_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tail_torn_at_any_byte_costs_only_the_torn_entry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flipped_bit_costs_only_the_entry_it_is_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_kind_of_file_is_refused_and_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replacing_keeps_what_was_written_and_appends_go_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failed_replacement_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(appends_within_the_reserved_room_do_not_grow_the_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_given_the_ballast, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
