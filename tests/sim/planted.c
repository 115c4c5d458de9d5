// planted.c - proves that the simulator can fail: it lives seeds with a mistake in the core until one shows.
//
//   sim_planted [--plant NAME] [--quick] [--count N] [--parallel N]
// --quick leaves out those that need many seeds. Each mistake must be found within `count` seeds (1,000).
#include "tests/sim/lives.h"
#include "tests/sim/plants.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding {
    uint64_t seed;
    char failure[1024];
    double since_s;
};

static void ended(void *context, uint64_t seed, const struct sim_world_result *result)
{
    struct finding *finding = context;
    if (!result->failure[0] || finding->seed)
        return;
    finding->seed = seed;
    memcpy(finding->failure, result->failure, sizeof finding->failure);
}

static bool is_found(const struct plant *plant, const struct lives *lives)
{
    struct finding finding = {.since_s = lives_seconds_now()};
    uint64_t failed;
    plants_choose(plant);
    uint64_t done = lives_run(lives, ended, &finding, &failed);
    double seconds = lives_seconds_now() - finding.since_s;
    if (failed)
        printf("planted: rule %u: %s: found after %llu seeds, %.1f s, by seed %llu: %s\n", plant->rule,
               plant->what, (unsigned long long)done, seconds, (unsigned long long)finding.seed,
               finding.failure);
    else
        printf("planted: rule %u: %s (%s): NOT FOUND in %llu seeds, %.1f s\n", plant->rule, plant->what,
               plant->name, (unsigned long long)done, seconds);
    return failed > 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"plant", required_argument, NULL, 'n'},
                                            {"count", required_argument, NULL, 'c'},
                                            {"parallel", required_argument, NULL, 'p'},
                                            {"quick", no_argument, NULL, 'q'},
                                            {0}};
    struct lives lives = {.first = 1, .count = 1000, .seconds = 3600, .parallel = 1};
    const char *only = NULL;
    bool is_quick = false;
    size_t tried = 0, found = 0;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'n')
            only = optarg;
        else if (option == 'c')
            lives.count = strtoull(optarg, NULL, 10);
        else if (option == 'p')
            lives.parallel = (size_t)MAX_OF(atoi(optarg), 1);
        else if (option == 'q')
            is_quick = true;
        else
            return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    setenv("SIM_QUIET", "1", 1); // lives say by themselves what went wrong
    for (size_t i = 0; i < plant_count; i++) {
        if (is_quick && plants[i].is_slow)
            continue;
        if (only && strcmp(only, plants[i].name) != 0)
            continue;
        tried++;
        found += is_found(&plants[i], &lives);
    }
    printf("planted: %zu of %zu mistakes found\n", found, tried);
    return tried && found == tried ? 0 : 1;
}
