// seeds.c - tools/sim: lives of fleets made up from seeds, one after the other, until time is up.
//
//   sim_seeds [--seed N] [--count N] [--seconds N] [--loud]
// Stops at the first seed that fails and prints the command that replays it.
#include "tests/sim/sim_world.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_troubles(unsigned troubles)
{
    static const char *const names[] = {"power cuts", "kills",  "network kills", "stops",
                                        "sleeps",     "cuts",   "loss",          "clock steps",
                                        "full disks", "drains", "changes"};
    const char *before = "";
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!(troubles >> i & 1))
            continue;
        printf("%s%s", before, names[i]);
        before = ", ";
    }
}

static void print_result(uint64_t seed, const struct sim_world_result *result)
{
    printf("sim: seed %llu: %zu nodes, %zu jobs, %zu runs, %zu doubled, %zu unjudged, %zu misfortunes (",
           (unsigned long long)seed, result->node_count, result->job_count, result->start_count,
           result->double_count, result->unjudged_count, result->trouble_count);
    print_troubles(result->troubles);
    printf("), %llu steps, trace %016llx\n", (unsigned long long)result->step_count,
           (unsigned long long)result->trace);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"count", required_argument, NULL, 'c'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {"loud", no_argument, NULL, 'l'},
                                            {0}};
    uint64_t first = 1, count = UINT64_MAX, steps = 0;
    double seconds = 60, start = seconds_now();
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            first = strtoull(optarg, NULL, 10);
        else if (option == 'c')
            count = strtoull(optarg, NULL, 10);
        else if (option == 't')
            seconds = atof(optarg);
        else if (option == 'l')
            setenv("SIM_LOUD", "1", 1);
        else
            return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t done = 0;
    for (; done < count && (seconds_now() - start < seconds || done == 0); done++) {
        struct sim_world_result result = sim_world_run(first + done);
        print_result(first + done, &result);
        steps += result.step_count;
        if (!result.failure[0])
            continue;
        printf("sim: seed %llu FAILED: %s\n     replay it: tools/sim --seed %llu --count 1 --loud\n",
               (unsigned long long)(first + done), result.failure, (unsigned long long)(first + done));
        return 1;
    }
    printf("sim: %llu seeds, %llu steps in %.0f s, all in order\n", (unsigned long long)done,
           (unsigned long long)steps, seconds_now() - start);
    return 0;
}
