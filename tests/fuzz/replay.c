// replay.c - drives a fuzz target without libFuzzer: every file of a corpus folder, whole, cut short,
// and with changes drawn from a seed. `fuzz_x CORPUS [SEED [COUNT]]`; the same seed gives the same inputs.
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_SIZE_MAX = 1 << 20,
    MUTATION_COUNT = 2000, // of each file
    CUT_COUNT_MAX = 2000,
    EDIT_COUNT_MAX = 4,
    SPAN_SIZE_MAX = 16,
};

struct replay {
    uint64_t random;
    long mutation_count;
    long input_count;
    uint8_t *original; // INPUT_SIZE_MAX each
    uint8_t *changed;
};

static size_t random_below(struct replay *replay, size_t bound)
{
    replay->random ^= replay->random << 13;
    replay->random ^= replay->random >> 7;
    replay->random ^= replay->random << 17;
    return bound ? (size_t)(replay->random >> 16) % bound : 0;
}

// A copy of exactly `size` bytes, so that the sanitizer sees a read past the end.
static void run_copy(struct replay *replay, const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    replay->input_count++;
    free(copy);
}

// One change to replay->changed; returns the new size.
static size_t edit(struct replay *replay, size_t size)
{
    uint8_t *data = replay->changed;
    size_t where = random_below(replay, size), from = random_below(replay, size);
    size_t span = 1 + random_below(replay, SPAN_SIZE_MAX);
    span = span > size - where ? size - where : span;
    span = span > size - from ? size - from : span;
    switch (random_below(replay, 5)) {
    case 0:
        data[where] = (uint8_t)random_below(replay, 256);
        return size;
    case 1:
        data[where] ^= (uint8_t)(1u << random_below(replay, 8));
        return size;
    case 2: // leave some out
        memmove(data + where, data + where + span, size - where - span);
        return size - span;
    case 3: // say some twice
        if (size + span > INPUT_SIZE_MAX)
            return size;
        memmove(data + where + span, data + where, size - where);
        return size + span;
    default: // repeat some elsewhere
        memmove(data + where, data + from, span);
        return size;
    }
}

static void run_mutations(struct replay *replay, size_t original_size)
{
    for (long i = 0; original_size && i < replay->mutation_count; i++) {
        size_t size = original_size;
        memcpy(replay->changed, replay->original, size);
        for (size_t edits = 1 + random_below(replay, EDIT_COUNT_MAX); edits && size; edits--)
            size = edit(replay, size);
        run_copy(replay, replay->changed, size);
    }
}

static int run_file(struct replay *replay, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    size_t size = fread(replay->original, 1, INPUT_SIZE_MAX, file);
    fclose(file);
    run_copy(replay, replay->original, size);
    for (size_t cut = 0; cut < size && cut < CUT_COUNT_MAX; cut++)
        run_copy(replay, replay->original, cut);
    run_mutations(replay, size);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    struct replay replay = {.random = seed + 0x9e3779b97f4a7c15u, .mutation_count = MUTATION_COUNT};
    int count = argc >= 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
    int failures = 0, files = 0;
    if (argc > 3)
        replay.mutation_count = strtol(argv[3], NULL, 0);
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout); // before an input ends the program
    replay.original = malloc(INPUT_SIZE_MAX);
    replay.changed = malloc(INPUT_SIZE_MAX);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", argv[1], names[i]->d_name);
        if (names[i]->d_name[0] != '.' && replay.original && replay.changed) {
            failures += run_file(&replay, path);
            files++;
        }
        free(names[i]);
    }
    free(names);
    free(replay.original);
    free(replay.changed);
    printf("%d files, %ld inputs\n", files, replay.input_count);
    return files == 0 || failures;
}
