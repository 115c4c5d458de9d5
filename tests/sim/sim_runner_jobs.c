// sim_runner_jobs.c - the jobs a simulated runner runs: what they say, how they end, and the journal of it.
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_node.h"
#include "tests/sim/sim_runner.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENDED_AGAIN_MS = 5000, // until it is acknowledged
    SYNC_MS = 700,         // of the journal, after a mark
    TERM_MS = 5,           // a job that hears TERM needs this long to go
    SAY_PARTS = 4,         // its output comes in so many parts, or more
    SAY_BYTES = 32768,     // of at most so many bytes
    PIPE_BYTES = 65536,
    SIGNAL_KILL = 9,
    SIGNAL_TERM = 15,
};

static struct sim_work work_of(const struct definition *definition)
{
    struct sim_work work = {0};
    for (size_t i = 1; i < definition->argument_count; i++) {
        const char *word = definition->argv[i];
        const char *value = strchr(word, '=');
        long long number = value ? atoll(value + 1) : 0;
        if (strncmp(word, "for=", 4) == 0)
            work.for_ms = (uint64_t)number;
        else if (strncmp(word, "spread=", 7) == 0)
            work.spread_ms = (uint64_t)number;
        else if (strncmp(word, "say=", 4) == 0)
            work.say_bytes = (uint64_t)number;
        else if (strncmp(word, "exit=", 5) == 0)
            work.exit_code = (int32_t)number;
        else if (strncmp(word, "fails=", 6) == 0)
            work.fails = (uint32_t)number;
        else if (strcmp(word, "deaf") == 0)
            work.is_deaf = true;
    }
    return work;
}

static struct sim_run *find(const struct sim_runner *runner, const struct run_id *id)
{
    for (size_t i = runner->run_count; i-- > runner->open;)
        if (run_id_equal(&runner->runs[i]->id, id))
            return runner->runs[i];
    return NULL;
}

uint16_t sim_runner_last_attempt(const struct sim_runner *runner, const struct hash *occurrence)
{
    uint16_t last = 0;
    for (size_t i = runner->run_count; i-- > 0;)
        if (hash_equal(&runner->runs[i]->occurrence, occurrence))
            last = MAX_OF(last, runner->runs[i]->start.attempt);
    return last;
}

size_t sim_runner_live_count(const struct sim_runner *runner)
{
    size_t count = 0;
    for (size_t i = runner->open; i < runner->run_count; i++)
        count += runner->runs[i]->state == SIM_RUN_LIVE;
    return count;
}

static void synced(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_runner *runner = thing;
    if (number != runner->number)
        return;
    runner->is_dirty = false;
    runner->synced_ms = sim->now_ms;
}

static void mark(struct sim_runner *runner, bool at_once)
{
    struct sim *sim = runner->node->sim;
    if (at_once)
        runner->synced_ms = sim->now_ms;
    else if (!runner->is_dirty)
        sim_after(sim, sim_random(sim, SYNC_MS), synced, runner, runner->number);
    runner->is_dirty = !at_once;
}

// --- output ---

static bool is_read(const struct sim_run *run, const struct sim_node *node)
{
    return node->core && !run->is_silent;
}

// What lies in the pipe from there on.
static void hand_over(struct sim_runner *runner, struct sim_run *run, uint64_t from, bool end)
{
    static uint8_t text[PIPE_BYTES];
    struct sim *sim = runner->node->sim;
    uint64_t bytes = run->said_bytes - from;
    for (size_t i = 0; i < bytes; i++)
        text[i] = (from + i) % 64 == 63 ? '\n' : (uint8_t)('a' + (from + i) % 26);
    struct event event = {.kind = EVENT_OUTPUT};
    event.is.output.run = run->id;
    event.is.output.stream = 1;
    event.is.output.position = from;
    event.is.output.end = end;
    runner->frame_ms = MAX_OF(runner->frame_ms, sim->now_ms);
    sim_node_post(runner->node, runner->frame_ms - sim->now_ms, &event, bytes_of(text, bytes));
}

static void say(struct sim_runner *runner, struct sim_run *run, uint64_t bytes)
{
    uint64_t from = run->said_bytes;
    run->said_bytes += MIN_OF(bytes, PIPE_BYTES - (from - run->kept_bytes));
    if (is_read(run, runner->node) && run->said_bytes > from)
        hand_over(runner, run, from, false);
}

static void close_output(struct sim_runner *runner, struct sim_run *run)
{
    run->is_closed = true;
    if (is_read(run, runner->node))
        hand_over(runner, run, run->said_bytes, true);
}

struct part {
    struct sim_runner *runner;
    struct run_id id;
    uint64_t bytes;
};

static void say_part(struct sim *sim, void *thing, uint64_t number)
{
    const struct part *part = thing;
    struct sim_run *run = find(part->runner, &part->id);
    (void)sim;
    (void)number;
    if (run && run->state == SIM_RUN_LIVE)
        say(part->runner, run, part->bytes);
}

static void plan_output(struct sim_runner *runner, const struct sim_run *run, uint64_t for_ms)
{
    uint64_t left = run->work.say_bytes;
    uint64_t count = MAX_OF((uint64_t)SAY_PARTS, (left + SAY_BYTES - 1) / SAY_BYTES);
    for (uint64_t i = 0; left && i < count; i++) {
        struct part *part = base_alloc(1, sizeof *part);
        *part = (struct part){runner, run->id, left / (count - i)};
        left -= part->bytes;
        sim_after_owned(runner->node->sim, for_ms * i / count, say_part, part);
    }
}

// --- ends ---

static void tell_ended(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_run *run = thing;
    struct sim_runner *runner = &sim->nodes[number >> 32]->runner;
    if (run->state != SIM_RUN_ENDED || (uint32_t)runner->forks != (uint32_t)number || !runner->node->core)
        return; // a new process is told by sim_runner_tell_runs
    if (!runner->node->is_stopped && !runner->node->is_asleep)
        sim_runner_say(runner, &run->ended);
    sim_after(sim, ENDED_AGAIN_MS, tell_ended, thing, number);
}

// The journal has its end; the network process is told until it acknowledges.
static void end(struct sim_runner *runner, struct sim_run *run)
{
    struct sim_node *node = runner->node;
    run->state = SIM_RUN_ENDED;
    run->ended_ms = node->sim->now_ms;
    run->ended = (struct frame){.kind = FRAME_ENDED,
                                .run = run->id,
                                .start = run->start,
                                .pid = run->pid,
                                .started_ms = run->started_wall_ms,
                                .ended_ms = sim_node_wall_ms(node),
                                .status = run->end_status,
                                .exit_code = run->end_exit,
                                .signal = run->end_signal};
    mark(runner, false);
    sim_check_ended(node->sim, node, run);
    bool output_first = sim_chance(node->sim, 500);
    if (output_first)
        close_output(runner, run);
    tell_ended(node->sim, run, (uint64_t)node->index << 32 | (uint32_t)runner->forks);
    if (!output_first)
        close_output(runner, run);
}

// Its process is gone; the runner notices when it looks.
static void is_over(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_run *run = thing;
    struct sim_runner *runner = &sim->nodes[number >> 32]->runner;
    if (run->state != SIM_RUN_LIVE || (uint32_t)run->end_number != (uint32_t)number)
        return;
    run->state = SIM_RUN_OVER;
    sim_runner_look(runner);
}

void sim_runner_look(struct sim_runner *runner)
{
    if (!runner->is_running || runner->node->is_stopped || runner->node->is_asleep)
        return;
    for (size_t i = runner->open; i < runner->run_count; i++)
        if (runner->runs[i]->state == SIM_RUN_OVER)
            end(runner, runner->runs[i]);
}

static void end_after(struct sim_runner *runner, struct sim_run *run, uint64_t delay_ms)
{
    run->end_number++;
    sim_after(runner->node->sim, delay_ms, is_over, run,
              (uint64_t)runner->node->index << 32 | (uint32_t)run->end_number);
}

static void plan_end(struct sim_runner *runner, struct sim_run *run, uint64_t for_ms)
{
    const struct sim_work *work = &run->work;
    run->end_exit = run->start.attempt <= work->fails ? 1 : work->exit_code;
    run->end_status = run->end_exit ? LEDGER_FAILED : LEDGER_OK;
    if (for_ms > run->time_limit_ms) {
        for_ms = run->time_limit_ms + (work->is_deaf ? run->grace_ms : TERM_MS);
        run->end_status = LEDGER_TIMEOUT;
        run->end_exit = -1;
        run->end_signal = work->is_deaf ? SIGNAL_KILL : SIGNAL_TERM;
    }
    end_after(runner, run, for_ms);
}

void sim_runner_signal(struct sim_runner *runner, const struct run_id *id, enum frame_signal action)
{
    struct sim_run *run = find(runner, id);
    if (!run || run->state != SIM_RUN_LIVE || action > FRAME_KILL)
        return;
    bool waits = run->work.is_deaf && action == FRAME_TERM;
    run->end_status = LEDGER_FAILED;
    run->end_exit = -1;
    run->end_signal = run->work.is_deaf || action == FRAME_KILL ? SIGNAL_KILL : SIGNAL_TERM;
    end_after(runner, run, waits ? run->grace_ms : TERM_MS);
}

// --- beginnings ---

static struct sim_run *add(struct sim_runner *runner)
{
    void *runs = runner->runs;
    base_grow(&runs, &runner->run_capacity, runner->run_count + 1, sizeof(struct sim_run *));
    runner->runs = runs;
    return runner->runs[runner->run_count++] = base_alloc(1, sizeof(struct sim_run));
}

void sim_runner_begin(struct sim_runner *runner, const struct frame *frame,
                      const struct definition *definition, const struct occurrence *occurrence)
{
    struct sim *sim = runner->node->sim;
    struct sim_run *run = add(runner);
    *run = (struct sim_run){
        .id = frame->run,
        .occurrence = occurrence_id_of(occurrence).hash,
        .start = frame->start,
        .work = work_of(definition),
        .grace_ms = definition->grace_ms ? definition->grace_ms : (uint64_t)DEFINITION_GRACE_MS_DEFAULT,
        .time_limit_ms = definition->time_limit_ms ? definition->time_limit_ms
                                                   : (uint64_t)DEFINITION_TIME_LIMIT_MS_DEFAULT,
        .pid = ++runner->pid,
        .started_wall_ms = sim_node_wall_ms(runner->node),
        .started_ms = sim->now_ms};
    mark(runner, frame->start.trigger == FRAME_TRIGGER_ORDER);
    runner->node->started_count++;
    sim_check_started(sim, runner->node, run, occurrence);
    const struct frame started = {.kind = FRAME_STARTED,
                                  .run = run->id,
                                  .start = run->start,
                                  .pid = run->pid,
                                  .started_ms = run->started_wall_ms};
    sim_runner_say(runner, &started);
    uint64_t for_ms = run->work.for_ms + sim_random(sim, run->work.spread_ms + 1);
    plan_end(runner, run, for_ms);
    plan_output(runner, run, for_ms);
}

void sim_runner_acknowledged(struct sim_runner *runner, const struct run_id *id)
{
    struct sim_run *run = find(runner, id);
    if (!run || run->state != SIM_RUN_ENDED)
        return;
    run->state = SIM_RUN_ACKNOWLEDGED;
    run->acknowledged_ms = runner->node->sim->now_ms;
    mark(runner, false);
    sim_check_acknowledged(runner->node->sim, runner->node, run);
    while (runner->open < runner->run_count && runner->runs[runner->open]->state == SIM_RUN_ACKNOWLEDGED)
        runner->open++;
}

static void tell_running(struct sim_runner *runner, struct sim_run *run)
{
    const struct frame running = {.kind = FRAME_RUNNING,
                                  .run = run->id,
                                  .start = run->start,
                                  .pid = run->pid,
                                  .started_ms = run->started_wall_ms,
                                  .taken = {run->kept_bytes}};
    sim_runner_say(runner, &running);
    run->is_silent = false;
    if (run->said_bytes > run->kept_bytes)
        hand_over(runner, run, run->kept_bytes, false);
    if (run->is_closed)
        hand_over(runner, run, run->said_bytes, true);
}

void sim_runner_kept(struct sim_runner *runner, const struct run_id *id, uint64_t bytes)
{
    struct sim_run *run = find(runner, id);
    if (run)
        run->kept_bytes = MAX_OF(run->kept_bytes, MIN_OF(bytes, run->said_bytes));
}

void sim_runner_tell_runs(struct sim_runner *runner)
{
    struct sim_node *node = runner->node;
    for (size_t i = runner->open; i < runner->run_count; i++) {
        struct sim_run *run = runner->runs[i];
        if (run->state == SIM_RUN_LIVE || (run->state == SIM_RUN_ENDED && !run->has_no_pipe))
            tell_running(runner, run);
        if (run->state == SIM_RUN_ENDED)
            tell_ended(node->sim, run, (uint64_t)node->index << 32 | (uint32_t)runner->forks);
    }
}

// Jobs die with their runner; the next one finds them in its journal without an end.
void sim_runner_lose_runs(struct sim_runner *runner)
{
    if (runner->is_dirty) { // who should have synced it was killed
        runner->is_dirty = false;
        mark(runner, false);
    }
    for (size_t i = runner->open; i < runner->run_count; i++) {
        struct sim_run *run = runner->runs[i];
        run->has_no_pipe = true;
        if (run->state != SIM_RUN_LIVE && run->state != SIM_RUN_OVER)
            continue;
        run->end_number++;
        run->end_status = LEDGER_LOST;
        run->end_exit = -1;
        run->end_signal = 0;
        run->is_silent = true;
        end(runner, run);
    }
}

// A power cut: marks after some moment since the last sync are gone.
void sim_runner_forget_unsynced(struct sim_runner *runner)
{
    struct sim *sim = runner->node->sim;
    if (!runner->is_dirty)
        return;
    uint64_t kept_ms = sim_between(sim, runner->synced_ms, sim->now_ms);
    runner->is_dirty = false;
    runner->synced_ms = sim->now_ms;
    for (size_t i = 0; i < runner->run_count; i++) {
        struct sim_run *run = runner->runs[i];
        if (run->acknowledged_ms > kept_ms) {
            run->acknowledged_ms = 0;
            run->state = SIM_RUN_ENDED;
            runner->open = MIN_OF(runner->open, i);
        }
        if (run->ended_ms > kept_ms && run->state == SIM_RUN_ENDED) {
            run->ended_ms = 0;
            run->state = SIM_RUN_LIVE;
        }
        if (run->started_ms > kept_ms) { // never heard of
            sim_check_forgotten(sim, run);
            run->state = SIM_RUN_ACKNOWLEDGED;
            run->occurrence = (struct hash){{0}};
        }
    }
}
