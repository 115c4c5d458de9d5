#include "tests/sim/sim.h"

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_fleet.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/sim_net.h"
#include "tests/sim/sim_node.h"
#include "tests/sim/sim_person.h"
#include "tests/unit/support_records.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sim *sim_new(uint64_t seed, size_t node_count, int64_t start_wall_ms)
{
    struct sim *sim = base_alloc(1, sizeof *sim);
    sim->seed = seed;
    sim->random = seed;
    sim->start_wall_ms = start_wall_ms;
    sim->trace = 0xcbf29ce484222325; // FNV-1a
    sim->is_loud = getenv("SIM_LOUD") != NULL;
    sim->fleet = sim_fleet_new(node_count);
    sim->net = sim_net_new(node_count);
    sim->jobs = base_alloc(1, sizeof *sim->jobs);
    sim->people = base_alloc(1, sizeof *sim->people);
    sim->check = base_alloc(1, sizeof *sim->check);
    sim->node_count = node_count;
    sim->nodes = base_alloc(node_count, sizeof *sim->nodes);
    for (size_t i = 0; i < node_count; i++)
        sim->nodes[i] = sim_node_new(sim, i);
    return sim;
}

void sim_free(struct sim *sim)
{
    for (size_t i = 0; i < sim->node_count; i++)
        sim_node_free(sim->nodes[i]);
    for (size_t i = 0; i < sim->event_count; i++)
        if (sim->events[i].is_owned)
            free(sim->events[i].thing);
    sim_check_deinit(sim->check);
    sim_people_deinit(sim->people);
    sim_jobs_deinit(sim->jobs);
    sim_net_free(sim->net);
    sim_fleet_free(sim->fleet);
    free(sim->check);
    free(sim->people);
    free(sim->jobs);
    free(sim->nodes);
    free(sim->events);
    free(sim);
}

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
    struct sim_event kept = *a;
    *a = *b;
    *b = kept;
}

static void add(struct sim *sim, const struct sim_event *event)
{
    void *events = sim->events;
    base_grow(&events, &sim->event_capacity, sim->event_count + 1, sizeof *sim->events);
    sim->events = events;
    size_t at = sim->event_count++;
    sim->events[at] = *event;
    sim->events[at].order = sim->order++;
    for (; at > 0 && is_before(&sim->events[at], &sim->events[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&sim->events[at], &sim->events[(at - 1) / 2]);
}

static struct sim_event take(struct sim *sim)
{
    struct sim_event *events = sim->events, first = events[0];
    events[0] = events[--sim->event_count];
    for (size_t at = 0, least;; at = least) {
        size_t left = 2 * at + 1;
        least = at;
        for (size_t child = left; child < sim->event_count && child <= left + 1; child++)
            if (is_before(&events[child], &events[least]))
                least = child;
        if (least == at)
            return first;
        swap(&events[at], &events[least]);
    }
}

void sim_after(struct sim *sim, uint64_t delay_ms, sim_act *act, void *thing, uint64_t number)
{
    const struct sim_event event = {
        .at_ms = sim->now_ms + delay_ms, .act = act, .thing = thing, .number = number};
    add(sim, &event);
}

void sim_after_owned(struct sim *sim, uint64_t delay_ms, sim_act *act, void *thing)
{
    const struct sim_event event = {
        .at_ms = sim->now_ms + delay_ms, .act = act, .thing = thing, .is_owned = true};
    add(sim, &event);
}

bool sim_happens(struct sim *sim)
{
    if (sim->failure[0] || !sim->event_count)
        return false;
    struct sim_event event = take(sim);
    sim->now_ms = event.at_ms;
    event.act(sim, event.thing, event.number);
    if (event.is_owned)
        free(event.thing);
    return true;
}

static bool never(struct sim *sim, void *context)
{
    (void)sim;
    (void)context;
    return false;
}

bool sim_run_until(struct sim *sim, bool (*is_so)(struct sim *sim, void *context), void *context,
                   uint64_t within_ms)
{
    uint64_t end_ms = sim->now_ms + within_ms;
    while (!sim->failure[0]) {
        if (is_so(sim, context))
            return true;
        if (!sim->event_count || sim->events[0].at_ms > end_ms)
            break;
        sim_happens(sim);
    }
    if (!sim->failure[0])
        sim->now_ms = end_ms;
    return false;
}

void sim_run(struct sim *sim, uint64_t for_ms)
{
    (void)sim_run_until(sim, never, NULL, for_ms);
}

int64_t sim_wall_ms(const struct sim *sim)
{
    return sim->start_wall_ms + (int64_t)sim->now_ms;
}

uint64_t sim_random(struct sim *sim, uint64_t below)
{
    return below ? support_random(&sim->random) % below : 0;
}

uint64_t sim_between(struct sim *sim, uint64_t from, uint64_t to)
{
    return from + sim_random(sim, to - from + 1);
}

bool sim_chance(struct sim *sim, unsigned per_mille)
{
    return per_mille && sim_random(sim, 1000) < per_mille;
}

void sim_trace(struct sim *sim, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (; size >= sizeof(uint64_t); bytes += sizeof(uint64_t), size -= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        sim_trace_u64(sim, word);
    }
    for (size_t i = 0; i < size; i++)
        sim_trace_u64(sim, bytes[i]);
}

void sim_trace_u64(struct sim *sim, uint64_t value)
{
    sim->trace = (sim->trace ^ value) * 0x100000001b3;
    sim->trace ^= sim->trace >> 29;
}

void sim_time_text(int64_t wall_ms, char *out)
{
    struct tm parts;
    time_t seconds = (time_t)(wall_ms / 1000);
    gmtime_r(&seconds, &parts);
    size_t size = strftime(out, 32, "%Y-%m-%d %H:%M:%S", &parts);
    snprintf(out + size, 32 - size, ".%03d", (int)(wall_ms % 1000));
}

static void tell(const struct sim *sim, const char *text)
{
    char time[32];
    sim_time_text(sim_wall_ms(sim), time);
    fprintf(stderr, "sim: seed %llu, %s (%llu.%03llu s): %s\n", (unsigned long long)sim->seed, time,
            (unsigned long long)sim->now_ms / 1000, (unsigned long long)sim->now_ms % 1000, text);
}

void sim_fail(struct sim *sim, const char *format, ...)
{
    if (sim->failure[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sim->failure, sizeof sim->failure, format, arguments);
    va_end(arguments);
    if (!getenv("SIM_QUIET"))
        tell(sim, sim->failure);
}

void sim_say(struct sim *sim, const char *format, ...)
{
    if (!sim->is_loud)
        return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tell(sim, text);
}
