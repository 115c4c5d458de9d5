// test_floors.c - the least the runner believes: it rises, survives restarts, and only a revocation lowers
// it.
#include "node/io/runner/floors.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/io/runner/definition_cache.h"
#include "tests/unit/support_dir.h"
#include "tests/unit/support_trust.h"

struct world {
    char path[SUPPORT_DIR_ROOM];
    int directory;
    struct floors floors;
};

static int set_up(void **state)
{
    struct world *world = base_alloc(1, sizeof *world);
    support_dir_make(world->path);
    world->directory = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = world;
    return floors_open(&world->floors, world->directory);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    floors_close(&world->floors);
    close(world->directory);
    support_dir_remove(world->path);
    free(world);
    return 0;
}

static void reopen(struct world *world)
{
    floors_close(&world->floors);
    assert_int_equal(floors_open(&world->floors, world->directory), 0);
}

static struct floors_signed by_number(uint64_t number)
{
    const struct envelope_signer bob = support_signer(NULL, SUPPORT_BOB);
    struct floors_signed by = {.signer = node_id_of(&bob.key)};
    memcpy(by.id.b, &number, sizeof number);
    by.id.b[HASH_SIZE - 1] = 1;
    return by;
}

static int define(struct world *world, uint64_t life, uint64_t version, uint64_t number)
{
    struct definition definition = support_definition("job");
    definition.life = life;
    definition.version = version;
    struct floors_signed by = by_number(number);
    return floors_define(&world->floors, &definition, &by);
}

static int remove_job(struct world *world, uint64_t life)
{
    struct removal removal = {.namespace_name = "main", .name = "job", .life = life};
    return floors_delete(&world->floors, &removal);
}

static int pause_job(struct world *world, uint64_t life, uint64_t number)
{
    struct pause pause = {.namespace_name = "main", .name = "job", .life = life, .stamp = SUPPORT_STAMP};
    struct floors_signed by = by_number(number);
    return floors_pause(&world->floors, &pause, &by);
}

static int lift(struct world *world, uint64_t life, uint64_t number, uint64_t stamp)
{
    struct floors_signed paused = by_number(number), by = by_number(number + 1000000);
    struct pause resume = {.namespace_name = "main",
                           .name = "job",
                           .life = life,
                           .stamp = stamp,
                           .lifts = &paused.id,
                           .lift_count = 1};
    return floors_pause(&world->floors, &resume, &by);
}

static const struct floor *find(struct world *world)
{
    return floors_find(&world->floors, "main", "job");
}

static bool is_in_force(struct world *world, uint64_t number)
{
    struct floors_signed by = by_number(number);
    return hash_equal(&find(world)->definition.id, &by.id) && floors_has_definition(&world->floors, &by.id);
}

static void definitions_rise_by_life_version_stamp_and_id(void **state)
{
    struct world *world = *state;
    assert_int_equal(define(world, 1, 2, 5), 0);
    assert_int_equal(define(world, 1, 2, 5), FLOORS_KNOWN);
    assert_int_equal(define(world, 1, 1, 9), FLOORS_SUPERSEDED);
    assert_int_equal(define(world, 1, 2, 4), FLOORS_SUPERSEDED); // a conflict: the higher id is in force
    assert_int_equal(define(world, 1, 2, 6), 0);
    assert_true(is_in_force(world, 6));
    struct floors_signed old = by_number(5);
    assert_false(floors_has_definition(&world->floors, &old.id));
    assert_int_equal(define(world, 1, 3, 1), 0);
    reopen(world);
    assert_true(is_in_force(world, 1));
    assert_int_equal(define(world, 1, 2, 6), FLOORS_SUPERSEDED);
}

static void a_delete_beats_every_edit_of_its_life(void **state)
{
    struct world *world = *state;
    assert_int_equal(define(world, 1, 1, 1), 0);
    assert_int_equal(remove_job(world, 2), 0);
    assert_int_equal(remove_job(world, 2), FLOORS_KNOWN);
    assert_int_equal(floor_life(find(world)), 2);
    assert_int_equal(define(world, 1, 99, 2), FLOORS_SUPERSEDED);
    reopen(world);
    assert_int_equal(floor_life(find(world)), 2);
    assert_int_equal(define(world, 1, 99, 2), FLOORS_SUPERSEDED);
    assert_int_equal(define(world, 3, 1, 3), 0);
    assert_int_equal(floor_life(find(world)), 3);
    assert_int_equal(remove_job(world, 4), 0);
    assert_int_equal(remove_job(world, 2), FLOORS_SUPERSEDED);
}

static void a_name_never_seen_has_no_floor_and_names_do_not_run_together(void **state)
{
    struct world *world = *state;
    assert_null(find(world));
    assert_int_equal(define(world, 1, 1, 1), 0);
    assert_null(floors_find(&world->floors, "mai", "njob"));
    assert_null(floors_find(&world->floors, "job", "main"));
    assert_non_null(find(world));
}

static void pauses_count_for_their_life_until_lifted_or_over(void **state)
{
    struct world *world = *state;
    assert_int_equal(define(world, 1, 1, 1), 0);
    assert_int_equal(pause_job(world, 1, 10), 0);
    assert_int_equal(pause_job(world, 1, 10), FLOORS_KNOWN);
    assert_int_equal(lift(world, 1, 11, SUPPORT_STAMP), 0); // of another pause
    assert_true(floor_is_paused(find(world), SUPPORT_WALL_MS));
    reopen(world);
    assert_true(floor_is_paused(find(world), SUPPORT_WALL_MS));
    assert_int_equal(pause_job(world, 1, 11), 0); // comes after its resume
    assert_int_equal(lift(world, 1, 10, SUPPORT_STAMP), 0);
    assert_false(floor_is_paused(find(world), SUPPORT_WALL_MS));
    struct pause timed = {
        .namespace_name = "main", .name = "job", .life = 1, .until_ms = SUPPORT_WALL_MS + 10};
    struct floors_signed by = by_number(12);
    assert_int_equal(floors_pause(&world->floors, &timed, &by), 0);
    assert_true(floor_is_paused(find(world), SUPPORT_WALL_MS));
    assert_false(floor_is_paused(find(world), SUPPORT_WALL_MS + 10));
    assert_int_equal(pause_job(world, 1, 13), 0);
    assert_int_equal(remove_job(world, 2), 0);
    assert_int_equal(define(world, 3, 1, 2), 0);
    assert_false(floor_is_paused(find(world), SUPPORT_WALL_MS)); // another life
    assert_int_equal(pause_job(world, 1, 14), FLOORS_SUPERSEDED);
}

static void forgetting_old_pauses_never_starts_a_job(void **state)
{
    struct world *world = *state;
    assert_int_equal(define(world, 1, 1, 1), 0);
    assert_int_equal(pause_job(world, 1, 9999), 0); // stays open all the time
    for (uint64_t i = 1; i <= 2 * FLOORS_PAUSE_COUNT_MAX; i++) {
        assert_int_equal(pause_job(world, 1, i + 10), 0);
        assert_int_equal(lift(world, 1, i + 10, SUPPORT_STAMP + i), 0);
        assert_true(floor_is_paused(find(world), SUPPORT_WALL_MS));
        assert_true(find(world)->pause_count + find(world)->lift_count <= FLOORS_PAUSE_COUNT_MAX);
    }
    assert_int_equal(lift(world, 1, 9999, SUPPORT_STAMP + 99999), 0);
    assert_false(floor_is_paused(find(world), SUPPORT_WALL_MS));
    assert_int_equal(pause_job(world, 1, 11), 0); // shown again, long forgotten: stops
    assert_true(floor_is_paused(find(world), SUPPORT_WALL_MS));
}

static void open_pauses_are_never_forgotten(void **state)
{
    struct world *world = *state;
    int outcome = 0;
    uint64_t count = 0;
    assert_int_equal(define(world, 1, 1, 1), 0);
    while (outcome == 0 && count <= FLOORS_PAUSE_COUNT_MAX)
        outcome = pause_job(world, 1, 10 + count++);
    assert_int_equal(outcome, FLOORS_FULL);
    assert_true(floor_is_paused(find(world), SUPPORT_WALL_MS));
}

static void only_a_revocation_lowers(void **state)
{
    struct world *world = *state;
    struct support_trust trust;
    support_trust_init(&trust);
    support_trust_operators(&trust, 2);
    struct definition definition = support_definition("job");
    struct floors_signed by = by_number(1);
    definition.stamp = support_stamp(5000);
    assert_int_equal(floors_define(&world->floors, &definition, &by), 0);
    assert_int_equal(pause_job(world, 1, 10), 0);
    assert_int_equal(lift(world, 1, 10, support_stamp(5000)), 0);
    assert_int_equal(floors_recheck(&world->floors, &trust.log), 0);
    assert_int_equal(floor_life(find(world)), 1);
    assert_false(floor_is_paused(find(world), SUPPORT_WALL_MS));
    support_trust_entry(&trust, support_revoke(SUPPORT_BOB, support_stamp(9000)), NULL);
    assert_int_equal(floors_recheck(&world->floors, &trust.log), 0);
    assert_int_equal(floor_life(find(world)), 1); // stamped before it: keeps its place
    support_trust_entry(&trust, support_revoke(SUPPORT_BOB, support_stamp(1000)), NULL);
    assert_int_equal(floors_recheck(&world->floors, &trust.log), 0);
    assert_int_equal(floor_life(find(world)), 0);
    reopen(world);
    assert_int_equal(floor_life(find(world)), 0);
    assert_int_equal(define(world, 1, 1, 2), 0);
    assert_true(floor_is_paused(find(world), SUPPORT_WALL_MS)); // the resume counts no more, the pause does
    support_trust_deinit(&trust);
}

static void many_names_are_kept_and_the_file_is_rewritten(void **state)
{
    struct world *world = *state;
    uint64_t largest = 0;
    struct definition definition = support_definition("job");
    for (uint64_t version = 1; version <= 4; version++)
        for (uint64_t i = 0; i < 2000; i++) {
            struct floors_signed by = by_number(version * 100000 + i);
            definition.version = version;
            snprintf(definition.name, sizeof definition.name, "job-%u", (unsigned)i);
            assert_int_equal(floors_define(&world->floors, &definition, &by), 0);
            largest = MAX_OF(largest, world->floors.log.size_bytes);
            if (i % 500 == 0)
                assert_int_equal(floors_sync(&world->floors), 0);
        }
    assert_true(world->floors.log.size_bytes < 2000 * 4 * 100);
    reopen(world);
    assert_int_equal(world->floors.count, 2000);
    for (uint64_t i = 0; i < 2000; i++) {
        struct floors_signed by = by_number(400000 + i);
        char name[NAME_ROOM];
        snprintf(name, sizeof name, "job-%u", (unsigned)i);
        assert_true(hash_equal(&floors_find(&world->floors, "main", name)->definition.id, &by.id));
        assert_true(floors_has_definition(&world->floors, &by.id));
    }
}

static void the_cache_of_definitions_gives_up_the_one_not_used_for_longest(void **state)
{
    struct definition_cache cache = {0};
    struct envelope_signer signer = support_signer(NULL, SUPPORT_ALICE);
    struct definition definition = support_definition("job"), decoded;
    struct arena arena = {0};
    struct hash first = {{0}}, id = {{0}};
    char note[1000];
    (void)state;
    memset(note, 'x', sizeof note - 1);
    note[sizeof note - 1] = '\0';
    definition.note = note;
    for (uint32_t i = 0; i < DEFINITION_CACHE_SIZE_MAX / 1000 + 100; i++) {
        struct buffer bytes = {0};
        struct envelope envelope;
        definition.version = i + 1;
        id = support_sign_definition(&signer, &definition, &bytes).hash;
        assert_int_equal(envelope_parse(buffer_view(&bytes), &envelope), 0);
        definition_cache_add(&cache, &id, &envelope);
        if (i == 0)
            first = id;
        assert_non_null(definition_cache_find(&cache, &first)); // used all the time
        assert_true(cache.bytes <= DEFINITION_CACHE_SIZE_MAX);
        buffer_deinit(&bytes);
    }
    definition_cache_decode(definition_cache_find(&cache, &id), &arena, &decoded);
    assert_int_equal(decoded.version, definition.version);
    assert_string_equal(decoded.note, note);
    arena_deinit(&arena);
    definition_cache_deinit(&cache);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(definitions_rise_by_life_version_stamp_and_id),
        TEST(a_delete_beats_every_edit_of_its_life),
        TEST(a_name_never_seen_has_no_floor_and_names_do_not_run_together),
        TEST(pauses_count_for_their_life_until_lifted_or_over),
        TEST(forgetting_old_pauses_never_starts_a_job),
        TEST(open_pauses_are_never_forgotten),
        TEST(only_a_revocation_lowers),
        TEST(many_names_are_kept_and_the_file_is_rewritten),
        cmocka_unit_test(the_cache_of_definitions_gives_up_the_one_not_used_for_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
