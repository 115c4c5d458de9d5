// replay.c - drives a fuzz target without libFuzzer: every file of a corpus folder, whole, cut short,
// and with bytes changed by a fixed sequence.
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_SIZE_MAX = 1 << 20,
    MUTATION_COUNT = 2000,
};

static uint64_t next_number(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// A copy of exactly `size` bytes, so that the sanitizer sees a read past the end.
static void run_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

// Each run changes one to four bytes of the file; changes that add up would soon leave nothing of it.
static void run_mutations(const uint8_t *data, size_t size)
{
    uint64_t state = 0x9e3779b97f4a7c15u + size;
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    for (size_t cut = 0; cut < size && cut < MUTATION_COUNT; cut++)
        run_copy(data, cut);
    for (int i = 0; size && i < MUTATION_COUNT; i++) {
        memcpy(copy, data, size);
        for (uint64_t left = 1 + next_number(&state) % 4; left; left--) {
            uint64_t random = next_number(&state);
            copy[(size_t)(random >> 16) % size] = (uint8_t)random;
        }
        run_copy(copy, size);
    }
    free(copy);
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_SIZE_MAX);
    if (!file || !data) {
        perror(path);
        free(data);
        return 1;
    }
    size_t size = fread(data, 1, INPUT_SIZE_MAX, file);
    fclose(file);
    run_copy(data, size);
    run_mutations(data, size);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    int count = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
    int failures = 0, files = 0;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", argv[1], names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            failures += run_file(path);
            files++;
        }
        free(names[i]);
    }
    free(names);
    printf("%d files\n", files);
    return files == 0 || failures;
}
