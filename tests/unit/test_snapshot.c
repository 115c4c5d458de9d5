// test_snapshot.c - what has changed between two looks at a folder.
#include "node/io/watch/snapshot.h"
#include "proto/definition.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct snapshot before;

static int enter(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/katydid-snapshot-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    char command[128];
    (void)state;
    snapshot_deinit(&before);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void look(const char *pattern)
{
    snapshot_deinit(&before);
    snapshot_take(folder, pattern, &before);
}

// The changes since the last look, as "create a, move b"; the next look is this one.
static const char *changes(const char *pattern, uint32_t wanted)
{
    static char text[1024];
    struct snapshot after;
    struct snapshot_change found[16];
    snapshot_take(folder, pattern, &after);
    size_t count = snapshot_compare(&before, &after, wanted, found, COUNT_OF(found)), used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && i < COUNT_OF(found); i++) {
        const char *what = found[i].what == DEFINITION_FILE_CREATE   ? "create"
                           : found[i].what == DEFINITION_FILE_CHANGE ? "change"
                           : found[i].what == DEFINITION_FILE_REMOVE ? "remove"
                                                                     : "move";
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", i ? ", " : "", what, found[i].name);
    }
    snapshot_deinit(&before);
    before = after;
    return text;
}

static void files_come_change_and_go(void **state)
{
    (void)state;
    write_file("old", "1");
    look(NULL);
    assert_string_equal(changes(NULL, DEFINITION_FILE_ALL), "");
    write_file("new", "1");
    assert_string_equal(changes(NULL, DEFINITION_FILE_ALL), "create new");
    write_file("new", "longer");
    assert_string_equal(changes(NULL, DEFINITION_FILE_ALL), "change new");
    unlink("old");
    assert_string_equal(changes(NULL, DEFINITION_FILE_ALL), "remove old");
}

static void another_name_is_a_move(void **state)
{
    (void)state;
    write_file("a", "1");
    look(NULL);
    assert_int_equal(rename("a", "b"), 0);
    assert_string_equal(changes(NULL, DEFINITION_FILE_ALL), "move b");
    assert_int_equal(rename("b", "c.part"), 0); // out of the pattern: for the pattern it went
    look("*.csv");
    assert_int_equal(rename("c.part", "c.csv"), 0);
    assert_string_equal(changes("*.csv", DEFINITION_FILE_ALL), "create c.csv");
}

static void only_what_is_wanted_counts(void **state)
{
    (void)state;
    look("*.csv");
    write_file("x.txt", "1");
    write_file("x.csv", "1");
    assert_string_equal(changes("*.csv", DEFINITION_FILE_REMOVE), "");
    look(NULL);
    unlink("x.csv");
    unlink("x.txt");
    assert_string_equal(changes(NULL, DEFINITION_FILE_CREATE | DEFINITION_FILE_CHANGE), "");
}

static void a_replaced_folder_is_compared_by_names(void **state)
{
    (void)state;
    char other[80];
    write_file("kept", "1");
    look(NULL);
    snprintf(other, sizeof other, "%s.old", folder);
    assert_int_equal(rename(folder, other), 0);
    assert_string_equal(changes(NULL, DEFINITION_FILE_ALL), "remove kept");
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(chdir(folder), 0);
    write_file("fresh", "1");
    assert_string_equal(changes(NULL, DEFINITION_FILE_ALL), "create fresh");
    snprintf(other, sizeof other, "rm -rf %s.old", folder);
    assert_int_equal(system(other), 0);
}

static void a_path_may_be_one_file(void **state)
{
    (void)state;
    struct snapshot none, some;
    struct snapshot_change change;
    char path[80];
    snprintf(path, sizeof path, "%s/one", folder);
    snapshot_take(path, NULL, &none);
    assert_int_equal(none.count, 0);
    write_file("one", "1");
    snapshot_take(path, NULL, &some);
    assert_int_equal(snapshot_compare(&none, &some, DEFINITION_FILE_ALL, &change, 1), 1);
    assert_int_equal(change.what, DEFINITION_FILE_CREATE);
    assert_string_equal(change.name, "");
    snapshot_deinit(&some);
    snapshot_deinit(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_come_change_and_go, enter, leave),
        cmocka_unit_test_setup_teardown(another_name_is_a_move, enter, leave),
        cmocka_unit_test_setup_teardown(only_what_is_wanted_counts, enter, leave),
        cmocka_unit_test_setup_teardown(a_replaced_folder_is_compared_by_names, enter, leave),
        cmocka_unit_test_setup_teardown(a_path_may_be_one_file, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
