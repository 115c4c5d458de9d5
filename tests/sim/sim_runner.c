#include "tests/sim/sim_runner.h"

#include "node/core/trigger/boot.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/sim_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME_MAX_MS = 2, // a frame takes up to this long
    FORK_MIN_MS = 20,
    FORK_MAX_MS = 120,
    BACK_OFF_MIN_MS = 100,
    BACK_OFF_MAX_MS = 30000,
    STEADY_MS = 60000, // up this long: the next restart is quick again
    HEARTBEAT_MS = 1000,
    SILENT_MS = 5000, // a network process that says nothing is replaced
    FRESH_MS = 2000,  // older STARTs are stale
    GAP_MS = 1000,
    LATE_MS = 60000,
    RERUN_COUNT = 2,
};

struct sim_parcel {
    struct sim_parcel *next;
    struct sim_runner *runner;
    uint64_t forks;
    size_t size;
    uint8_t bytes[];
};

void sim_runner_init(struct sim_runner *runner, struct sim_node *node)
{
    const struct sim_fleet *fleet = node->sim->fleet;
    *runner = (struct sim_runner){.node = node, .back_off_ms = BACK_OFF_MIN_MS};
    table_init(&runner->floors);
    int outcome =
        authority_log_init(&runner->authority, buffer_view(&fleet->records[0].envelope), &fleet->id);
    assert(outcome == 0);
}

static void drop_held(struct sim_runner *runner)
{
    struct sim_parcel *parcel;
    while ((parcel = runner->held_first)) {
        runner->held_first = parcel->next;
        free(parcel);
    }
    runner->held_last = NULL;
}

void sim_runner_deinit(struct sim_runner *runner)
{
    drop_held(runner);
    for (size_t i = 0; i < runner->run_count; i++)
        free(runner->runs[i]);
    free(runner->runs);
    table_deinit(&runner->floors);
    authority_log_deinit(&runner->authority);
}

static bool is_still(const struct sim_runner *runner)
{
    return runner->node->is_stopped || runner->node->is_asleep;
}

void sim_runner_say(struct sim_runner *runner, const struct frame *frame)
{
    struct sim *sim = runner->node->sim;
    struct buffer bytes = {0};
    if (!runner->node->core)
        return;
    frame_encode(frame, &bytes);
    uint64_t arrives_ms = sim->now_ms + sim_random(sim, FRAME_MAX_MS + 1);
    runner->frame_ms = MAX_OF(runner->frame_ms, arrives_ms);
    const struct event event = {.kind = EVENT_FRAME};
    sim_node_post(runner->node, runner->frame_ms - sim->now_ms, &event, buffer_view(&bytes));
    buffer_deinit(&bytes);
}

static void say_hello(struct sim_runner *runner)
{
    struct frame hello = {
        .kind = FRAME_HELLO, .name = "sim", .confined = MEMBER_CONFINED_FULL, .is_root = true};
    sim_node_boot_id(runner->node, hello.boot);
    sim_runner_say(runner, &hello);
    sim_runner_tell_runs(runner);
}

static void say_heartbeat(struct sim_runner *runner)
{
    const struct frame frame = {.kind = FRAME_HEARTBEAT, .ok = !runner->needs_resume};
    sim_runner_say(runner, &frame);
}

static void beat(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_runner *runner = thing;
    if (!runner->is_running || number != runner->number)
        return;
    if (!is_still(runner))
        say_heartbeat(runner);
    sim_after(sim, HEARTBEAT_MS, beat, runner, number);
}

static void fork_network(struct sim *sim, void *thing, uint64_t number)
{
    struct sim_runner *runner = thing;
    if (!runner->is_running || number != runner->forks || runner->node->core || runner->node->has_left)
        return;
    if (is_still(runner)) { // who stands still starts nothing
        sim_after(sim, FORK_MAX_MS, fork_network, runner, number);
        return;
    }
    sim_node_begin_network(runner->node);
    say_hello(runner);
    say_heartbeat(runner);
}

void sim_runner_start(struct sim_runner *runner)
{
    struct sim *sim = runner->node->sim;
    if (runner->is_running)
        return;
    runner->is_running = true;
    runner->number++;
    runner->forks++;
    runner->needs_resume = false;
    runner->back_off_ms = BACK_OFF_MIN_MS;
    sim_runner_lose_runs(runner); // found in the journal, without a process
    sim_after(sim, sim_between(sim, FORK_MIN_MS, FORK_MAX_MS), fork_network, runner, runner->forks);
    sim_after(sim, HEARTBEAT_MS, beat, runner, runner->number);
}

static void stop_running(struct sim_runner *runner)
{
    runner->is_running = false;
    runner->parked_count = 0;
    runner->number++;
    runner->forks++;
    drop_held(runner);
    sim_check_jobs_died(runner->node->sim, runner->node);
}

void sim_runner_kill(struct sim_runner *runner)
{
    stop_running(runner);
}

void sim_runner_power_cut(struct sim_runner *runner)
{
    stop_running(runner);
    sim_runner_forget_unsynced(runner);
}

void sim_runner_network_died(struct sim_runner *runner)
{
    struct sim *sim = runner->node->sim;
    if (!runner->is_running)
        return;
    if (sim->now_ms - runner->node->up_ms >= STEADY_MS)
        runner->back_off_ms = BACK_OFF_MIN_MS;
    runner->forks++;
    runner->parked_count = 0;
    for (size_t i = 0; i < runner->run_count; i++)
        runner->runs[i]->is_silent = true;
    sim_after(sim, runner->back_off_ms + sim_between(sim, FORK_MIN_MS, FORK_MAX_MS), fork_network, runner,
              runner->forks);
    runner->back_off_ms = MIN_OF(2 * runner->back_off_ms, (uint64_t)BACK_OFF_MAX_MS);
}

// --- what the network process says ---

static void take_record(struct sim_runner *runner, struct bytes bytes)
{
    struct envelope envelope;
    uint64_t needed;
    int outcome = envelope_parse(bytes, &envelope);
    assert(outcome == 0);
    if (envelope.kind == ENVELOPE_AUTHORITY) {
        outcome = authority_log_add(&runner->authority, bytes, &needed);
        table_recheck(&runner->floors, &runner->authority);
    } else if (envelope.kind >= ENVELOPE_DEFINITION && envelope.kind <= ENVELOPE_ORDER) {
        outcome = table_restore(&runner->floors, &runner->authority, bytes);
    }
    if (outcome > TABLE_SUPERSEDED)
        sim_say(runner->node->sim, "%s: its runner refuses a record: %d", runner->node->identity->name,
                outcome);
}

struct verdict {
    uint8_t rule;
    const char *reason;
};

static struct verdict check_fresh(const struct sim_runner *runner, const struct frame_start *start)
{
    if (runner->needs_resume)
        return (struct verdict){0, "waits for RESUME"};
    if (sim_node_boottime_ns(runner->node) - start->sent_boottime_ns > FRESH_MS * UINT64_C(1000000))
        return (struct verdict){0, "stale"};
    return (struct verdict){0, NULL};
}

static struct verdict check_definition(const struct sim_runner *runner, const struct frame_start *start,
                                       const struct definition *definition)
{
    const struct table_job *row =
        table_find_job(&runner->floors, definition->namespace_name, definition->name);
    if (!row || !row->active || !hash_equal(&row->active->id.hash, &start->definition))
        return (struct verdict){1, "not the definition in force"};
    if (table_job_is_paused(row, sim_node_wall_ms(runner->node)))
        return (struct verdict){1, "paused"};
    if (!table_job_is_runnable(row))
        return (struct verdict){2, "not permitted"};
    if (definition->node[0] && strcmp(definition->node, runner->node->identity->name) != 0)
        return (struct verdict){3, "not for this node"};
    return (struct verdict){0, NULL};
}

// How late a due time may still start; DECISION 21.
static int64_t lateness_ms(const struct frame_start *start, const struct definition *definition)
{
    if (start->cause == FRAME_QUEUED || start->cause == FRAME_RETRY)
        return 24 * 3600 * 1000;
    int64_t window_ms = definition->catch_up == DEFINITION_CATCH_UP_NONE ? 0
                        : definition->catch_up_within_ms ? (int64_t)definition->catch_up_within_ms
                                                         : 3600 * 1000;
    window_ms = MAX_OF(window_ms, (int64_t)definition->triggers[start->trigger].expires_ms);
    window_ms = MAX_OF(window_ms, (int64_t)LATE_MS);
    return window_ms + (int64_t)(definition->jitter_ms + definition->catch_up_spread_ms);
}

static struct verdict check_interval(const struct sim_runner *runner, const struct frame_start *start,
                                     const struct definition_trigger *trigger)
{
    for (size_t i = runner->run_count; i-- > 0;) {
        const struct sim_run *run = runner->runs[i];
        if (hash_equal(&run->start.definition, &start->definition) && run->start.trigger == start->trigger &&
            run->start.due_ms != start->due_ms &&
            run->started_ms + trigger->period_ms > runner->node->sim->now_ms)
            return (struct verdict){4, "sooner than its period"};
    }
    return (struct verdict){0, NULL};
}

// What has no due time: its cause is recomputed from what the machine and its records say.
static struct verdict check_happening(const struct sim_runner *runner, const struct frame_start *start,
                                      const struct definition_trigger *trigger)
{
    uint8_t boot[BOOT_ID_SIZE];
    sim_node_boot_id(runner->node, boot);
    const struct hash of_boot = boot_cause(boot, &runner->node->identity->id);
    if (trigger->kind == DEFINITION_BOOT && !hash_equal(&start->cause_record, &of_boot))
        return (struct verdict){4, "not of this boot"};
    if (trigger->kind == DEFINITION_BOOT && sim_node_boottime_ns(runner->node) / 1000000 < trigger->delay_ms)
        return (struct verdict){4, "too soon after the boot"};
    return (struct verdict){0, NULL};
}

static struct verdict check_due(const struct sim_runner *runner, const struct frame_start *start,
                                const struct definition *definition)
{
    int64_t wall_ms = sim_node_wall_ms(runner->node) + start->clock_offset_ms;
    if (start->trigger == FRAME_TRIGGER_ORDER)
        return (struct verdict){0, NULL};
    if (start->clock_offset_ms &&
        (definition->triggers[start->trigger].kind == DEFINITION_CRON ||
         definition->triggers[start->trigger].kind == DEFINITION_AT || definition->blackout_count))
        return (struct verdict){4, "it goes by the clock"};
    if (start->due_ms == 0 && !hash_is_zero(&start->cause_record))
        return check_happening(runner, start, &definition->triggers[start->trigger]);
    bool is_backfill = start->due_ms && !hash_is_zero(&start->cause_record);
    if (is_backfill && sim_jobs_was_due(runner->node->sim, &start->definition, start->due_ms))
        return (struct verdict){0, NULL};
    if (is_backfill || !sim_jobs_is_due(runner->node->sim, &start->definition, start->due_ms))
        return (struct verdict){4, "not a due time"};
    if (start->due_ms > wall_ms)
        return (struct verdict){4, "it lies ahead"};
    if (definition->triggers[start->trigger].from_end)
        return check_interval(runner, start, &definition->triggers[start->trigger]);
    if (start->due_ms + lateness_ms(start, definition) < wall_ms)
        return (struct verdict){4, "too late"};
    uint64_t expires_ms = definition->triggers[start->trigger].expires_ms;
    if (expires_ms && start->attempt == 1 && start->due_ms + (int64_t)expires_ms < wall_ms)
        return (struct verdict){4, "after its deadline"};
    return (struct verdict){0, NULL};
}

static struct verdict check_attempt(const struct sim_runner *runner, const struct frame_start *start,
                                    const struct definition *definition, const struct hash *occurrence)
{
    if (start->attempt <= sim_runner_last_attempt(runner, occurrence))
        return (struct verdict){5, "this attempt was made"};
    if (start->attempt > 1 + definition->retry_times + RERUN_COUNT)
        return (struct verdict){5, "too many attempts"};
    return (struct verdict){0, NULL};
}

static void deny(struct sim_runner *runner, const struct frame *frame, const struct run_id *run,
                 const struct verdict *verdict)
{
    struct frame denied = {.kind = FRAME_DENIED, .run = *run, .start = frame->start, .rule = verdict->rule};
    snprintf(denied.reason, sizeof denied.reason, "%s", verdict->reason);
    runner->denied[verdict->rule]++;
    sim_check_denied(runner->node->sim, runner->node, &denied);
    sim_runner_say(runner, &denied);
}

static void judge(struct sim_runner *runner, const struct frame *frame, const struct definition *definition)
{
    const struct frame_start *start = &frame->start;
    char job[NAME_JOB_ROOM];
    name_join_job(definition->namespace_name, definition->name, job);
    const struct occurrence occurrence = {
        .job = job,
        .life = definition->life,
        .schedule_version = start->trigger == FRAME_TRIGGER_ORDER ? 0 : definition->schedule_version,
        .trigger = start->trigger,
        .target = start->targeted ? runner->node->identity->id : (struct node_id){{0}},
        .due_ms = start->due_ms,
        .cause = start->cause_record};
    struct occurrence_id id = occurrence_id_of(&occurrence);
    struct frame known = *frame;
    known.run = run_id_of(&id, &runner->node->identity->id, start->generation, start->attempt);
    struct verdict verdict = check_fresh(runner, start);
    if (!verdict.reason)
        verdict = check_definition(runner, start, definition);
    if (!verdict.reason)
        verdict = check_due(runner, start, definition);
    if (!verdict.reason)
        verdict = check_attempt(runner, start, definition, &id.hash);
    if (verdict.reason)
        deny(runner, frame, &known.run, &verdict);
    else
        sim_runner_begin(runner, &known, definition, &occurrence);
}

// The oldest gives way: the network process will ask again.
static void park(struct sim_runner *runner, const struct frame *start)
{
    const struct frame need = {.kind = FRAME_NEED, .record = start->start.definition};
    if (runner->parked_count == SIM_RUNNER_PARKED_MAX)
        memmove(runner->parked, runner->parked + 1, --runner->parked_count * sizeof runner->parked[0]);
    runner->parked[runner->parked_count++] = *start;
    sim_runner_say(runner, &need);
}

static void take_start(struct sim_runner *runner, const struct frame *frame)
{
    const struct record_id id = {frame->start.definition};
    const struct table_record *record = table_find_record(&runner->floors, &id);
    if (!record) {
        park(runner, frame);
        return;
    }
    struct envelope envelope;
    struct definition definition;
    struct arena arena = {0};
    int outcome = envelope_parse(table_record_bytes(record), &envelope);
    assert(outcome == 0);
    arena_allow(&arena, envelope.body.size);
    outcome = definition_decode(envelope.body, &arena, &definition);
    assert(outcome == 0);
    judge(runner, frame, &definition);
    arena_deinit(&arena);
}

// Parked STARTs whose definition has come are judged; what is stale by now is dropped.
static void try_parked(struct sim_runner *runner)
{
    struct frame parked[SIM_RUNNER_PARKED_MAX];
    size_t count = runner->parked_count;
    memcpy(parked, runner->parked, count * sizeof parked[0]);
    runner->parked_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct record_id id = {parked[i].start.definition};
        uint64_t age_ns = sim_node_boottime_ns(runner->node) - parked[i].start.sent_boottime_ns;
        if (table_find_record(&runner->floors, &id))
            take_start(runner, &parked[i]);
        else if (age_ns < FRESH_MS * UINT64_C(1000000))
            runner->parked[runner->parked_count++] = parked[i];
    }
}

static void send_zone(struct sim_runner *runner, const char *name)
{
    static uint8_t data[LIMIT_ZONE_FILE_SIZE_MAX];
    char path[256];
    struct frame zone = {.kind = FRAME_ZONE};
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    snprintf(zone.name, sizeof zone.name, "%s", name);
    FILE *file = fopen(path, "rb");
    if (strcmp(name, FRAME_ZONE_VERSION) == 0)
        zone.data = bytes_of_text(runner->zone_version ? runner->zone_version : "# version 2026a\n# more\n");
    if (file) {
        zone.data = bytes_of(data, fread(data, 1, sizeof data, file));
        fclose(file);
    }
    sim_runner_say(runner, &zone);
}

static void take_frame(struct sim_runner *runner, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_RECORD:
        take_record(runner, frame->data);
        try_parked(runner);
        return;
    case FRAME_START:
        take_start(runner, frame);
        return;
    case FRAME_SIGNAL:
        sim_runner_signal(runner, &frame->run, frame->action);
        return;
    case FRAME_ENDED_ACK:
        sim_runner_acknowledged(runner, &frame->run);
        return;
    case FRAME_KEPT:
        sim_runner_kept(runner, &frame->run, frame->taken[0]);
        return;
    case FRAME_ZONE_WANT:
        send_zone(runner, frame->name);
        return;
    case FRAME_RESUME:
        if (frame->boottime_ns < runner->gap_end_ns || !runner->needs_resume)
            return;
        runner->needs_resume = false;
        say_heartbeat(runner);
        return;
    default:
        return;
    }
}

static void take_parcel(struct sim_runner *runner, const struct sim_parcel *parcel)
{
    struct frame frame;
    if (!runner->is_running || parcel->forks != runner->forks)
        return;
    int outcome = frame_decode(bytes_of(parcel->bytes, parcel->size), &frame);
    assert(outcome == 0);
    take_frame(runner, &frame);
}

static void arrive(struct sim *sim, void *thing, uint64_t number)
{
    const struct sim_parcel *parcel = thing;
    struct sim_runner *runner = parcel->runner;
    (void)sim;
    (void)number;
    if (!is_still(runner)) {
        take_parcel(runner, parcel);
        return;
    }
    struct sim_parcel *kept = base_copy(parcel, sizeof *parcel + parcel->size);
    kept->next = NULL;
    if (runner->held_last)
        runner->held_last->next = kept;
    else
        runner->held_first = kept;
    runner->held_last = kept;
}

void sim_runner_hear(struct sim_runner *runner, const struct frame *frame)
{
    struct sim *sim = runner->node->sim;
    struct frame sent = *frame;
    struct buffer bytes = {0};
    if (sent.kind == FRAME_RESUME)
        sent.boottime_ns = sim_node_boottime_ns(runner->node);
    frame_encode(&sent, &bytes);
    sim_trace(sim, bytes.data, bytes.size);
    struct sim_parcel *parcel = base_alloc(1, sizeof *parcel + bytes.size);
    parcel->runner = runner;
    parcel->forks = runner->forks;
    parcel->size = bytes.size;
    memcpy(parcel->bytes, bytes.data, bytes.size);
    buffer_deinit(&bytes);
    uint64_t arrives_ms = sim->now_ms + sim_random(sim, FRAME_MAX_MS + 1);
    runner->hear_ms = MAX_OF(runner->hear_ms, arrives_ms);
    sim_after_owned(sim, runner->hear_ms - sim->now_ms, arrive, parcel);
}

// A gap of its own: nothing starts until the network process has taken its jobs anew. It takes what
// waited in the socket first or last, as it happens.
void sim_runner_thaw(struct sim_runner *runner, uint64_t gap_ms)
{
    if (!runner->is_running)
        return;
    if (gap_ms > GAP_MS) {
        runner->needs_resume = true;
        runner->gap_end_ns = sim_node_boottime_ns(runner->node);
        say_heartbeat(runner);
    }
    struct sim_parcel *parcel = runner->held_first;
    runner->held_first = runner->held_last = NULL;
    while (parcel) {
        struct sim_parcel *next = parcel->next;
        take_parcel(runner, parcel);
        free(parcel);
        parcel = next;
    }
    sim_runner_look(runner);
}
