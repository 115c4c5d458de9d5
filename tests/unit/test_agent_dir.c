// test_agent_dir.c - DIR: made with its modes, locked once, refused when others could get in; pin and keys in
// it.
#include "node/io/runner/agent_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/runner/agent_keys.h"
#include "node/io/runner/pin.h"
#include "tests/unit/support_dir.h"

struct world {
    char top[SUPPORT_DIR_ROOM];
    char path[SUPPORT_DIR_ROOM + 16];
    struct agent_dir dir;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    support_dir_make(world->top);
    snprintf(world->path, sizeof world->path, "%s/some/node", world->top);
    *state = world;
    return agent_dir_create(&world->dir, world->path);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    if (world->dir.path)
        agent_dir_close(&world->dir);
    support_dir_remove(world->top);
    free(world);
    return 0;
}

static unsigned mode_of(struct world *world, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(world->dir.directory, name, &status, AT_SYMLINK_NOFOLLOW), 0);
    return status.st_mode & 07777;
}

static struct pin some_pin(void)
{
    struct pin pin = {.node_name = "gw-1"};
    memset(pin.fleet.hash.b, 7, sizeof pin.fleet.hash.b);
    memset(pin.node_key.b, 8, sizeof pin.node_key.b);
    return pin;
}

static void folders_have_the_narrow_modes(void **state)
{
    struct world *world = *state;
    assert_int_equal(mode_of(world, "."), 0711);
    assert_int_equal(mode_of(world, "runner"), 0700);
    assert_int_equal(mode_of(world, "net"), 0700);
    assert_int_equal(mode_of(world, "runner/secrets"), 0700);
    assert_int_equal(mode_of(world, "lock"), 0600);
}

static void a_second_agent_is_told_who_runs(void **state)
{
    struct world *world = *state;
    struct agent_dir second;
    char expected[64];
    assert_int_equal(agent_dir_open(&second, world->path), AGENT_DIR_LOCKED);
    snprintf(expected, sizeof expected, "an agent (pid %ld) already runs on ", (long)getpid());
    assert_memory_equal(second.why, expected, strlen(expected));
    agent_dir_close(&second);
    agent_dir_close(&world->dir);
    assert_int_equal(agent_dir_open(&second, world->path), 0);
    agent_dir_close(&second);
}

static void init_over_a_living_node_is_refused(void **state)
{
    struct world *world = *state;
    struct pin pin = some_pin();
    assert_int_equal(pin_save(world->dir.runner, &pin), 0);
    agent_dir_close(&world->dir);
    assert_int_equal(agent_dir_create(&world->dir, world->path), AGENT_DIR_TAKEN);
}

static void a_node_that_left_is_remembered_and_init_says_to_erase_it(void **state)
{
    struct world *world = *state;
    struct pin pin = some_pin();
    assert_int_equal(pin_save(world->dir.runner, &pin), 0);
    assert_false(agent_dir_has_left(&world->dir));
    assert_int_equal(agent_dir_mark_left(&world->dir), 0);
    agent_dir_close(&world->dir);
    struct agent_dir again;
    assert_int_equal(agent_dir_open(&again, world->path), 0);
    assert_true(agent_dir_has_left(&again));
    agent_dir_close(&again);
    assert_int_equal(agent_dir_create(&world->dir, world->path), AGENT_DIR_TAKEN);
    assert_non_null(strstr(world->dir.why, "katydid leave --erase"));
}

static void init_after_an_attempt_that_left_no_pin_goes_on(void **state)
{
    struct world *world = *state;
    agent_dir_close(&world->dir);
    assert_int_equal(agent_dir_create(&world->dir, world->path), 0);
}

static void a_folder_with_other_things_in_it_is_not_taken_over(void **state)
{
    struct world *world = *state;
    struct agent_dir dir;
    struct stat before, after;
    assert_int_equal(stat(world->top, &before), 0);
    assert_int_equal(agent_dir_create(&dir, world->top), AGENT_DIR_REFUSED);
    assert_non_null(strstr(dir.why, "not an empty folder"));
    assert_int_equal(stat(world->top, &after), 0);
    assert_int_equal(before.st_mode, after.st_mode);
    agent_dir_close(&dir);
}

static void no_node_there_is_its_own_answer(void **state)
{
    struct world *world = *state;
    struct agent_dir dir;
    char path[SUPPORT_DIR_ROOM + 16];
    snprintf(path, sizeof path, "%s/none", world->top);
    assert_int_equal(agent_dir_open(&dir, path), AGENT_DIR_ABSENT);
    agent_dir_close(&dir);
    assert_int_equal(agent_dir_open(&dir, world->top), AGENT_DIR_REFUSED); // 0755, not ours
    agent_dir_close(&dir);
}

static void wider_modes_are_refused_with_the_command_to_type(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *name, *command;
        unsigned wide, good;
    } cases[] = {{"runner", "type chmod 700 ", 0750, 0700},
                 {"net", "type chmod 700 ", 0705, 0700},
                 {".", "type chmod 711 ", 0733, 0711},
                 {".", "type chmod 711 ", 0755, 0711},
                 {"net", "type chmod 700 ", 01700, 0700}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(fchmodat(world->dir.directory, cases[i].name, cases[i].wide, 0), 0);
        struct agent_dir second;
        assert_int_equal(agent_dir_open(&second, world->path), AGENT_DIR_REFUSED);
        assert_non_null(strstr(second.why, cases[i].command));
        agent_dir_close(&second);
        assert_int_equal(fchmodat(world->dir.directory, cases[i].name, cases[i].good, 0), 0);
    }
}

static void a_link_in_place_of_a_folder_is_refused(void **state)
{
    struct world *world = *state;
    struct agent_dir second;
    assert_int_equal(renameat(world->dir.directory, "net", world->dir.directory, "elsewhere"), 0);
    assert_int_equal(symlinkat("elsewhere", world->dir.directory, "net"), 0);
    assert_int_equal(agent_dir_open(&second, world->path), AGENT_DIR_REFUSED);
    agent_dir_close(&second);
}

static void a_foreign_owner_is_refused_with_the_command_to_type(void **state)
{
    struct world *world = *state;
    struct agent_dir second;
    if (geteuid() != 0)
        skip();
    assert_int_equal(fchownat(world->dir.directory, "runner", 12345, 12345, 0), 0);
    assert_int_equal(agent_dir_open(&second, world->path), AGENT_DIR_REFUSED);
    assert_non_null(strstr(second.why, "belongs to uid 12345: type chown -R 0 "));
    agent_dir_close(&second);
}

static void the_pin_is_read_back_and_a_damaged_one_refused(void **state)
{
    struct world *world = *state;
    struct pin pin = some_pin(), loaded;
    assert_int_equal(pin_load(world->dir.runner, &loaded), -ENOENT);
    assert_int_equal(pin_save(world->dir.runner, &pin), 0);
    assert_int_equal(pin_load(world->dir.runner, &loaded), 0);
    assert_memory_equal(&loaded.fleet, &pin.fleet, sizeof pin.fleet);
    assert_memory_equal(&loaded.node_key, &pin.node_key, sizeof pin.node_key);
    assert_string_equal(loaded.node_name, "gw-1");
    int fd = openat(world->dir.runner, "pin", O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 40), 1);
    close(fd);
    assert_int_equal(pin_load(world->dir.runner, &loaded), -EBADMSG);
}

static void keys_are_private_and_read_back(void **state)
{
    struct world *world = *state;
    struct agent_keys keys, loaded, other;
    agent_keys_generate(&keys);
    agent_keys_generate(&other);
    memset(keys.fleet.hash.b, 9, sizeof keys.fleet.hash.b);
    assert_memory_not_equal(keys.signing_seed, other.signing_seed, sizeof keys.signing_seed);
    assert_int_equal(agent_keys_save(world->dir.net, (uid_t)-1, (gid_t)-1, &keys), 0);
    assert_int_equal(mode_of(world, "net/keys"), 0600);
    assert_int_equal(agent_keys_load(world->dir.net, &loaded), 0);
    assert_memory_equal(&keys, &loaded, sizeof keys);
    struct public_key a = agent_keys_node_key(&keys), b = agent_keys_node_key(&loaded);
    assert_memory_equal(&a, &b, sizeof a);
    a = agent_keys_datagram_key(&keys);
    assert_memory_not_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folders_have_the_narrow_modes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_agent_is_told_who_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(init_over_a_living_node_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_node_that_left_is_remembered_and_init_says_to_erase_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(init_after_an_attempt_that_left_no_pin_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_with_other_things_in_it_is_not_taken_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_node_there_is_its_own_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wider_modes_are_refused_with_the_command_to_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_in_place_of_a_folder_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_owner_is_refused_with_the_command_to_type, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_pin_is_read_back_and_a_damaged_one_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_are_private_and_read_back, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
