// seeds.c - tools/sim: lives of fleets made up from seeds, until time is up or something goes wrong.
//
//   sim_seeds [--seed N] [--count N] [--seconds N] [--parallel N] [--go-on] [--loud] [--twice]
//
// The first seed that fails ends it (--go-on: all are lived), with the command that replays it. --twice
// lives each seed twice and compares: one seed is one life, to the last byte. A rule that was never put to
// the test in all those lives is a failure too.
#include "tests/sim/lives.h"
#include "tests/sim/sim_rule.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RULES_NEED_SEEDS = 60 }; // fewer lives may pass without some rule's being asked about

struct tally {
    uint64_t steps, starts, held_ms;
    uint64_t rules[SIM_RULE_COUNT];
    uint64_t *traces; // --twice: of the first lives, by seed - first; 0: failed or not lived
    uint64_t first;
    bool is_second;
    uint64_t differing;
};

static void print_troubles(unsigned troubles)
{
    const char *before = "";
    for (size_t i = 0; i < SIM_TROUBLE_COUNT; i++) {
        if (!(troubles >> i & 1))
            continue;
        printf("%s%s", before, sim_trouble_text(i));
        before = ", ";
    }
}

static void print_result(uint64_t seed, const struct sim_world_result *result)
{
    printf("sim: seed %llu: %zu nodes, %zu jobs, %zu runs, %zu doubled, %zu misfortunes (",
           (unsigned long long)seed, result->node_count, result->job_count, result->start_count,
           result->double_count, result->trouble_count);
    print_troubles(result->troubles);
    printf("), %llu steps, trace %016llx\n", (unsigned long long)result->step_count,
           (unsigned long long)result->trace);
    if (result->failure[0])
        printf("sim: seed %llu FAILED: %s\n     replay it: tools/sim %s--seed %llu --count 1 --loud\n",
               (unsigned long long)seed, result->failure, getenv("SIM_SANITIZE") ? "--sanitize " : "",
               (unsigned long long)seed);
}

static void ended(void *context, uint64_t seed, const struct sim_world_result *result)
{
    struct tally *tally = context;
    tally->steps += result->step_count;
    tally->starts += result->start_count;
    tally->held_ms += result->lived_ms;
    for (size_t i = 0; i < SIM_RULE_COUNT; i++)
        tally->rules[i] += result->rules[i];
    uint64_t *trace = tally->traces ? &tally->traces[seed - tally->first] : NULL;
    if (tally->is_second && *trace && *trace != result->trace) {
        printf("sim: seed %llu FAILED: its second life differs from its first\n", (unsigned long long)seed);
        tally->differing++;
    }
    if (!tally->is_second)
        print_result(seed, result);
    if (trace && !tally->is_second)
        *trace = result->failure[0] ? 0 : result->trace;
}

// Two seeds with one trace would mean that the trace sees nothing.
static uint64_t count_equal_traces(const struct tally *tally, uint64_t count)
{
    uint64_t equal = 0;
    for (uint64_t i = 0; i < count; i++)
        for (uint64_t k = 0; k < i; k++)
            equal += tally->traces[i] && tally->traces[i] == tally->traces[k];
    if (equal)
        printf("sim: FAILED: %llu pairs of seeds have the same trace\n", (unsigned long long)equal);
    return equal;
}

static uint64_t count_idle_rules(const struct tally *tally)
{
    uint64_t idle = 0;
    for (size_t i = 0; i < SIM_RULE_COUNT; i++) {
        printf("sim: %12llu times: %s\n", (unsigned long long)tally->rules[i],
               sim_rule_text((enum sim_rule)i));
        idle += tally->rules[i] == 0;
    }
    return idle;
}

static int live_all(struct lives *lives, bool twice)
{
    struct tally tally = {.first = lives->first};
    uint64_t failed, failed_again = 0, idle = 0;
    double start_s = lives_seconds_now();
    if (twice)
        tally.traces = base_alloc((size_t)lives->count, sizeof *tally.traces);
    uint64_t done = lives_run(lives, ended, &tally, &failed);
    if (twice) {
        tally.is_second = true;
        lives->count = done;
        lives->seconds *= 10;
        done += lives_run(lives, ended, &tally, &failed_again);
        tally.differing += count_equal_traces(&tally, lives->count);
        free(tally.traces);
    }
    double seconds = lives_seconds_now() - start_s;
    if (done >= RULES_NEED_SEEDS)
        idle = count_idle_rules(&tally);
    if (idle)
        printf("sim: FAILED: %llu rules were never put to the test\n", (unsigned long long)idle);
    bool is_well = !failed && !failed_again && !tally.differing && !idle;
    printf("sim: %llu seeds, %llu steps, %llu runs, %.1f hours in %.0f s (%.0f times real time), %s\n",
           (unsigned long long)done, (unsigned long long)tally.steps, (unsigned long long)tally.starts,
           (double)tally.held_ms / 3.6e6, seconds, (double)tally.held_ms / 1000 / seconds,
           is_well ? "all in order" : "NOT in order");
    return is_well ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seed", required_argument, NULL, 's'},    {"count", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 't'}, {"parallel", required_argument, NULL, 'p'},
        {"go-on", no_argument, NULL, 'g'},         {"loud", no_argument, NULL, 'l'},
        {"twice", no_argument, NULL, '2'},         {0}};
    struct lives lives = {.first = 1, .count = UINT64_MAX, .seconds = 60, .parallel = 1};
    bool twice = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            lives.first = strtoull(optarg, NULL, 10);
        else if (option == 'c')
            lives.count = strtoull(optarg, NULL, 10);
        else if (option == 't')
            lives.seconds = atof(optarg);
        else if (option == 'p')
            lives.parallel = (size_t)MAX_OF(atoi(optarg), 1);
        else if (option == 'g')
            lives.goes_on = true;
        else if (option == 'l')
            setenv("SIM_LOUD", "1", 1);
        else if (option == '2')
            twice = true;
        else
            return 2;
    }
    if (twice && lives.count == UINT64_MAX) {
        fprintf(stderr, "sim_seeds: --twice needs a --count\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    return live_all(&lives, twice);
}
