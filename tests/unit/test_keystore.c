// test_keystore.c - keys stay with their owner: modes, passphrases, damage, and what was seen of a fleet.
#include "node/cli/keystore.h"
#include "node/cli/passphrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char directory[64];
    char key_path[96];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    char start[] = "/tmp/keystore.XXXXXX";
    if (!place || !mkdtemp(start))
        return -1;
    snprintf(place->directory, sizeof place->directory, "%s", start);
    snprintf(place->key_path, sizeof place->key_path, "%s/%s", start, KEYSTORE_OPERATOR_FILE);
    unsetenv("KATYDID_PASSPHRASE");
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", place->directory);
    int status = system(command);
    free(place);
    return status;
}

static struct keystore_key new_key(void)
{
    struct keystore_key key;
    keystore_generate(KEYSTORE_OPERATOR, "anna", &key);
    key.fleet.hash.b[0] = 0xf1;
    return key;
}

static void rewrite(const char *path, const char *from, const char *to)
{
    char text[4096];
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    char *found = strstr(text, from);
    assert_non_null(found);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(found, to, strlen(to));
    rewind(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static void a_key_comes_back_as_it_was_saved(void **state)
{
    struct place *place = *state;
    struct keystore_key key = new_key(), back;
    struct stat status;
    assert_int_equal(keystore_save(place->key_path, &key, NULL), COMMAND_DONE);
    assert_int_equal(stat(place->key_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_DONE);
    assert_memory_equal(back.seed, key.seed, sizeof key.seed);
    assert_memory_equal(&back.public_key, &key.public_key, sizeof key.public_key);
    assert_memory_equal(&back.fleet, &key.fleet, sizeof key.fleet);
    assert_string_equal(back.name, "anna");
    assert_int_equal(back.role, KEYSTORE_OPERATOR);
}

static void a_key_is_never_overwritten(void **state)
{
    struct place *place = *state;
    struct keystore_key key = new_key(), other = new_key(), back;
    assert_int_equal(keystore_save(place->key_path, &key, NULL), COMMAND_DONE);
    assert_int_equal(keystore_save(place->key_path, &other, NULL), COMMAND_FAILED);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_DONE);
    assert_memory_equal(back.seed, key.seed, sizeof key.seed);
    assert_int_equal(keystore_create(place->directory), COMMAND_FAILED);
}

static void files_that_others_may_read_are_refused(void **state)
{
    struct place *place = *state;
    struct keystore_key key = new_key(), back;
    assert_int_equal(keystore_save(place->key_path, &key, NULL), COMMAND_DONE);
    chmod(place->key_path, 0640);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_FAILED);
    chmod(place->key_path, 0604);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_FAILED);
    chmod(place->key_path, 0600);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_DONE);
}

static void a_directory_that_others_may_enter_is_refused(void **state)
{
    struct place *place = *state;
    chmod(place->directory, 0750);
    assert_int_equal(keystore_create(place->directory), COMMAND_FAILED);
    chmod(place->directory, 0700);
    assert_int_equal(keystore_create(place->directory), COMMAND_DONE);
}

static void folders_are_made_for_the_owner_alone(void **state)
{
    struct place *place = *state;
    struct stat status;
    char *path = keystore_path(place->directory, "a/b");
    assert_false(keystore_exists(path));
    assert_int_equal(keystore_create(path), COMMAND_DONE);
    assert_true(keystore_exists(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    free(path);
}

static void a_passphrase_opens_what_it_closed_and_nothing_else_does(void **state)
{
    struct place *place = *state;
    struct keystore_key key = new_key(), back;
    char text[4096], seed[65];
    assert_int_equal(keystore_save(place->key_path, &key, "correct horse"), COMMAND_DONE);
    FILE *file = fopen(place->key_path, "r");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    hex_encode(key.seed, sizeof key.seed, seed);
    assert_null(strstr(text, seed));
    setenv("KATYDID_PASSPHRASE", "correct horse", 1);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_DONE);
    assert_memory_equal(back.seed, key.seed, sizeof key.seed);
    setenv("KATYDID_PASSPHRASE", "battery staple", 1);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_FAILED);
}

static void damage_is_noticed(void **state)
{
    struct place *place = *state;
    struct keystore_key key = new_key(), back;
    char seed[65], other[65];
    assert_int_equal(keystore_save(place->key_path, &key, NULL), COMMAND_DONE);
    hex_encode(key.seed, sizeof key.seed, seed);
    memcpy(other, seed, sizeof seed);
    other[7] = other[7] == '0' ? '1' : '0';
    rewrite(place->key_path, seed, other);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_FAILED);
    rewrite(place->key_path, other, seed);
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_DONE);
    rewrite(place->key_path, "katydid-key 1", "katydid-key 2");
    assert_int_equal(keystore_load(place->key_path, &back), COMMAND_FAILED);
    assert_int_equal(keystore_load("/dev/null", &back), COMMAND_FAILED);
    assert_int_equal(keystore_load("/nonexistent", &back), COMMAND_FAILED);
}

static void a_sealed_seed_with_absurd_costs_is_not_tried(void **state)
{
    (void)state;
    uint8_t sealed[PASSPHRASE_SEALED_SIZE] = {0}, seed[32];
    memset(sealed, 0xff, 8);
    assert_false(passphrase_open("x", sealed, seed));
    memset(sealed, 0, 8);
    assert_false(passphrase_open("x", sealed, seed));
}

static void what_was_seen_is_remembered(void **state)
{
    struct place *place = *state;
    struct keystore_seen seen = {.number = 7, .fleet = {{{1}}}, .id = {{2}}}, back;
    assert_int_equal(keystore_load_seen(place->directory, &back), COMMAND_DONE);
    assert_true(hash_is_zero(&back.fleet.hash));
    assert_int_equal(keystore_save_seen(place->directory, &seen), COMMAND_DONE);
    seen.number = 8;
    assert_int_equal(keystore_save_seen(place->directory, &seen), COMMAND_DONE);
    assert_int_equal(keystore_load_seen(place->directory, &back), COMMAND_DONE);
    assert_int_equal(back.number, 8);
    assert_memory_equal(&back.fleet, &seen.fleet, sizeof seen.fleet);
    assert_memory_equal(&back.id, &seen.id, sizeof seen.id);
    char *path = keystore_path(place->directory, "seen");
    rewrite(path, "fleet", "fleat");
    assert_int_equal(keystore_load_seen(place->directory, &back), COMMAND_FAILED);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_comes_back_as_it_was_saved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_is_never_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_others_may_read_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_that_others_may_enter_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_are_made_for_the_owner_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_passphrase_opens_what_it_closed_and_nothing_else_does, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damage_is_noticed, set_up, tear_down),
        cmocka_unit_test(a_sealed_seed_with_absurd_costs_is_not_tried),
        cmocka_unit_test_setup_teardown(what_was_seen_is_remembered, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
