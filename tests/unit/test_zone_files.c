// test_zone_files.c - zone files: read once, looked at again each minute, and never from outside the folder.
#include "node/io/runner/zone_files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/support_dir.h"

struct world {
    char folder[SUPPORT_DIR_ROOM];
    struct zone_files files;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    support_dir_make(world->folder);
    zone_files_init(&world->files);
    world->files.folder = world->folder;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    zone_files_deinit(&world->files);
    support_dir_remove(world->folder);
    free(world);
    return 0;
}

// Puts a copy of the machine's `source` there as `name`, as another file than before.
static void put(struct world *world, const char *name, const char *source)
{
    char command[5 * SUPPORT_DIR_ROOM];
    snprintf(command, sizeof command, "cp /usr/share/zoneinfo/%s %s/new && mv %s/new %s/%s", source,
             world->folder, world->folder, world->folder, name);
    assert_int_equal(system(command), 0);
}

static int32_t offset_s(struct world *world, const char *name)
{
    const struct zone *zone = zone_files_zone(&world->files, name);
    assert_non_null(zone);
    return zone_offset_at(zone, 1700000000).utc_offset_s;
}

static void an_update_is_noticed_within_a_minute(void **state)
{
    struct world *world = *state;
    put(world, "Here", "Asia/Tokyo");
    assert_int_equal(offset_s(world, "Here"), 9 * 3600);
    assert_false(zone_files_check(&world->files, ZONE_FILES_CHECK_MS));
    put(world, "Here", "Asia/Dubai");
    assert_false(zone_files_check(&world->files, 2 * ZONE_FILES_CHECK_MS - 1));
    assert_int_equal(offset_s(world, "Here"), 9 * 3600);
    assert_true(zone_files_check(&world->files, 2 * ZONE_FILES_CHECK_MS));
    assert_true(zone_files_get(&world->files, "Here")->has_changed);
    assert_int_equal(offset_s(world, "Here"), 4 * 3600);
}

static void a_zone_may_appear_and_go(void **state)
{
    struct world *world = *state;
    char path[SUPPORT_DIR_ROOM + 16];
    assert_null(zone_files_zone(&world->files, "Later"));
    put(world, "Later", "Asia/Tokyo");
    assert_true(zone_files_check(&world->files, ZONE_FILES_CHECK_MS));
    assert_int_equal(offset_s(world, "Later"), 9 * 3600);
    snprintf(path, sizeof path, "%s/Later", world->folder);
    assert_int_equal(unlink(path), 0);
    assert_true(zone_files_check(&world->files, 2 * ZONE_FILES_CHECK_MS));
    assert_null(zone_files_zone(&world->files, "Later"));
    assert_int_equal(zone_files_get(&world->files, "Later")->bytes.size, 0);
}

static void junk_giants_and_folders_are_no_zones(void **state)
{
    struct world *world = *state;
    char command[2 * SUPPORT_DIR_ROOM];
    snprintf(command, sizeof command,
             "cd %s && echo junk >Junk && mkdir Folder && mkfifo Pipe && "
             "head -c 70000 /dev/zero >Giant",
             world->folder);
    assert_int_equal(system(command), 0);
    static const char *const names[] = {"Junk", "Folder", "Pipe", "Giant", "None"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_null(zone_files_zone(&world->files, names[i]));
    assert_int_equal(zone_files_get(&world->files, "Giant")->bytes.size, 0);
}

static void of_the_data_itself_the_version_is_read(void **state)
{
    struct world *world = *state;
    char command[3 * SUPPORT_DIR_ROOM];
    assert_int_equal(zone_files_get(&world->files, FRAME_ZONE_VERSION)->bytes.size, 0);
    snprintf(command, sizeof command, "(echo '# version 2026a'; head -c 200000 /dev/zero) >%s/tzdata.zi",
             world->folder);
    assert_int_equal(system(command), 0);
    assert_true(zone_files_check(&world->files, ZONE_FILES_CHECK_MS));
    const struct zone_file *file = zone_files_get(&world->files, FRAME_ZONE_VERSION);
    assert_in_range(file->bytes.size, 16, 64);
    assert_memory_equal(file->bytes.data, "# version 2026a\n", 16);
}

static void names_cannot_leave_the_folder(void **state)
{
    static const char *const bad[] = {"",  "..", "../x", "/etc/passwd", "a/../b", "a//b",          "a/",
                                      "/", ".",  "./a",  "a b",         "a\nb",   "Europe/.hidden"};
    static const char *const good[] = {"UTC",       "Europe/Berlin", "America/Argentina/Buenos_Aires",
                                       "Etc/GMT+5", "Etc/GMT-5",     "local"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(zone_files_is_name(bad[i]));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(zone_files_is_name(good[i]));
}

static void utc_needs_no_file_and_local_is_the_machines(void **state)
{
    struct world *world = *state;
    char path[SUPPORT_DIR_ROOM + 16];
    put(world, "localtime", "Asia/Tokyo");
    snprintf(path, sizeof path, "%s/localtime", world->folder);
    world->files.local = path;
    assert_ptr_equal(zone_files_zone(&world->files, "UTC"), zone_utc());
    assert_int_equal(offset_s(world, "local"), 9 * 3600);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_update_is_noticed_within_a_minute),   TEST(a_zone_may_appear_and_go),
        TEST(junk_giants_and_folders_are_no_zones),   TEST(names_cannot_leave_the_folder),
        TEST(of_the_data_itself_the_version_is_read), TEST(utc_needs_no_file_and_local_is_the_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
