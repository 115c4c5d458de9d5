// test_policy.c - the policy of the machine's owner: first match decides, and what is unclear allows nothing.
#include "node/io/runner/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/support_dir.h"
#include "tests/unit/support_records.h"

struct world {
    char top[SUPPORT_DIR_ROOM];
    char path[SUPPORT_DIR_ROOM + 16];
    struct policy policy;
    struct reason reason;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    support_dir_make(world->top);
    snprintf(world->path, sizeof world->path, "%s/policy", world->top);
    policy_init(&world->policy, world->path, true);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    policy_deinit(&world->policy);
    support_dir_remove(world->top);
    free(world);
    return 0;
}

static void write_policy(struct world *world, const char *text)
{
    char beside[SUPPORT_DIR_ROOM + 32];
    snprintf(beside, sizeof beside, "%s.new", world->path);
    FILE *file = fopen(beside, "w");
    fputs(text, file);
    fclose(file);
    chmod(beside, 0600);
    rename(beside, world->path); // another file, so that it is seen whatever the clock's grain
}

static bool allows(struct world *world, const struct definition *definition)
{
    return policy_allows(&world->policy, definition, &world->reason);
}

static void no_file_and_no_matching_line_allow(void **state)
{
    struct world *world = *state;
    struct definition definition = support_definition("job"); // main, nobody, /bin/true
    assert_true(allows(world, &definition));
    write_policy(world, "# nothing\n\n   \ndeny user root\ndeny namespace web\ndeny command /bin/false\n");
    assert_true(allows(world, &definition));
}

static void the_first_matching_line_decides(void **state)
{
    struct world *world = *state;
    struct definition definition = support_definition("job");
    write_policy(world, "allow user nobody\ndeny namespace main\n");
    assert_true(allows(world, &definition));
    write_policy(world, "deny namespace m*n\nallow user nobody\n");
    assert_false(allows(world, &definition));
    assert_non_null(strstr(world->reason.text, "line 1 of"));
    write_policy(world, "allow user ops\ndeny user *");
    assert_false(allows(world, &definition));
    assert_non_null(strstr(world->reason.text, "line 2 of"));
}

static void a_command_is_matched_whole_with_its_arguments(void **state)
{
    struct world *world = *state;
    struct definition definition = support_definition("job");
    const char *const argv[] = {"/usr/local/bin/backup", "/srv data"};
    definition.argv = argv;
    definition.argument_count = 2;
    write_policy(world, "allow command /usr/local/bin/backup /srv*\ndeny command *\n");
    assert_true(allows(world, &definition));
    write_policy(world, "allow command /usr/local/bin/backup\ndeny command *\n");
    assert_false(allows(world, &definition));
    definition.argv = NULL;
    definition.argument_count = 0;
    definition.shell = "rm -rf /";
    write_policy(world, "deny command /bin/sh -c *\n");
    assert_false(allows(world, &definition));
}

static void what_is_not_understood_allows_nothing(void **state)
{
    struct world *world = *state;
    struct definition definition = support_definition("job");
    static const char *const bad[] = {"permit user *\n",   "allow users *\n",
                                      "allow user\n",      "allow\n",
                                      "allow user *\nx\n", "allow user *\n\tdeny group x\n"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        write_policy(world, bad[i]);
        assert_false(allows(world, &definition));
        assert_non_null(strstr(world->reason.text, "not understood, so nothing starts"));
    }
    write_policy(world, "allow user *\n");
    assert_true(allows(world, &definition)); // and it recovers by itself
}

static void a_file_that_others_may_write_allows_nothing(void **state)
{
    struct world *world = *state;
    struct definition definition = support_definition("job");
    write_policy(world, "allow user *\n");
    assert_int_equal(chmod(world->path, 0620), 0);
    assert_false(allows(world, &definition));
    assert_int_equal(chmod(world->path, 0644), 0);
    assert_true(allows(world, &definition));
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(world->path, 12345, 12345), 0);
    assert_false(allows(world, &definition));
}

static void a_file_that_was_named_must_be_there(void **state)
{
    struct world *world = *state;
    struct definition definition = support_definition("job");
    policy_deinit(&world->policy);
    policy_init(&world->policy, world->path, false);
    assert_false(allows(world, &definition));
    assert_non_null(strstr(world->reason.text, "No such file"));
    write_policy(world, "");
    assert_true(allows(world, &definition));
    assert_int_equal(unlink(world->path), 0);
    assert_false(allows(world, &definition));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_file_and_no_matching_line_allow),
        TEST(the_first_matching_line_decides),
        TEST(a_command_is_matched_whole_with_its_arguments),
        TEST(what_is_not_understood_allows_nothing),
        TEST(a_file_that_others_may_write_allows_nothing),
        TEST(a_file_that_was_named_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
