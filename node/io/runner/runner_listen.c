// runner_listen.c - what the network process says, and what becomes of it.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/notice.h"
#include "node/io/runner/runner_state.h"

static void answer(struct runner *runner, const struct evidence_answer *answer)
{
    struct frame frame = {.kind = FRAME_FLOOR, .record = answer->record, .ok = answer->ok};
    memcpy(frame.reason, answer->reason.text, sizeof frame.reason);
    runner_send(runner, &frame, NULL);
}

static void send_denied(struct runner *runner, const struct check *check)
{
    struct frame frame = {
        .kind = FRAME_DENIED, .run = check->run, .start = *check->start, .rule = check->rule};
    memcpy(frame.reason, check->reason.text, sizeof frame.reason);
    runner_send(runner, &frame, NULL);
}

// The oldest gives way: the network process will ask again.
static void park(struct runner *runner, const struct frame_start *start, const struct hash *needed)
{
    const struct frame frame = {.kind = FRAME_NEED, .record = *needed};
    if (runner->parked_count == RUNNER_PARKED_COUNT_MAX)
        memmove(runner->parked, runner->parked + 1, --runner->parked_count * sizeof runner->parked[0]);
    runner->parked[runner->parked_count++] = (struct runner_parked){*start, *needed};
    runner_send(runner, &frame, NULL);
}

struct check_world runner_world(struct runner *runner)
{
    return (struct check_world){.evidence = &runner->evidence,
                                .boot = runner->boot,
                                .zones = &runner->zones,
                                .seen = &runner->journal.seen,
                                .intervals = &runner->intervals,
                                .processes = &runner->processes,
                                .rate = &runner->rate,
                                .watches = &runner->watches,
                                .policies = {&runner->policies[0], &runner->policies[1]},
                                .accounts = &runner->accounts,
                                .refuses = runner->refuses[0] ? runner->refuses : NULL,
                                .wall_ms = clock_wall_ms(),
                                .now_ms = clock_now_ms(),
                                .boottime_ns = clock_boottime_ns(),
                                .tokens = &runner->tokens,
                                .tokens_at_ms = &runner->tokens_at_ms};
}

static void try_start(struct runner *runner, const struct frame_start *start)
{
    struct check check;
    const struct check_world world = runner_world(runner);
    int outcome = check_start(&check, &world, start);
    if (outcome == 0)
        start_run(runner, &check);
    else if (outcome == CHECK_NEED)
        park(runner, start, &check.needed);
    else
        send_denied(runner, &check);
    check_deinit(&check);
}

// Parked starts whose record has come, or that are stale by now, are judged again.
static void try_parked(struct runner *runner, const struct evidence_answer *answers, size_t count)
{
    struct runner_parked parked[RUNNER_PARKED_COUNT_MAX];
    size_t parked_count = runner->parked_count;
    memcpy(parked, runner->parked, parked_count * sizeof parked[0]);
    runner->parked_count = 0;
    for (size_t i = 0; i < parked_count; i++) {
        bool came = false;
        for (size_t k = 0; k < count; k++)
            came |= hash_equal(&answers[k].record, &parked[i].needed);
        if (came)
            try_start(runner, &parked[i].start);
        else if (clock_boottime_ns() - parked[i].start.sent_boottime_ns < CHECK_FRESH_MS * UINT64_C(1000000))
            runner->parked[runner->parked_count++] = parked[i];
    }
}

void runner_settle_feed(struct runner *runner)
{
    if (evidence_is_unsynced(&runner->evidence)) {
        int r = evidence_sync(&runner->evidence);
        if (r != 0)
            notice_say(EFFECT_ERROR, "what was proved cannot be written: %s", strerror(-r));
        for (size_t i = 0; r != 0 && i < runner->answer_count; i++) {
            runner->answers[i].ok = false;
            reason_set(&runner->answers[i].reason, "cannot be written: %s", strerror(-r));
        }
    }
    for (size_t i = 0; i < runner->answer_count; i++) {
        answer(runner, &runner->answers[i]);
        if (runner->answers[i].ok)
            watches_offer(runner, &runner->answers[i].record);
    }
    if (runner->parked_count)
        try_parked(runner, runner->answers, runner->answer_count);
    runner->answer_count = 0;
}

static void record(struct runner *runner, const struct frame *frame)
{
    void *array = runner->answers;
    base_grow(&array, &runner->answer_capacity, runner->answer_count + 1, sizeof *runner->answers);
    runner->answers = array;
    (void)evidence_feed(&runner->evidence, frame->data, &runner->answers[runner->answer_count++]);
}

static void show(struct runner *runner, const struct frame *frame)
{
    void *array = runner->answers;
    base_grow(&array, &runner->answer_capacity, runner->answer_count + 1, sizeof *runner->answers);
    runner->answers = array;
    evidence_show(&runner->evidence, frame, &runner->answers[runner->answer_count++]);
}

static void start(struct runner *runner, const struct frame *frame)
{
    runner_settle_feed(runner); // what it rests on is on the disk before it is used
    try_start(runner, &frame->start);
}

static void signal_run(struct runner *runner, const struct frame *frame)
{
    struct processes_run *run = processes_find(&runner->processes, &frame->run);
    if (run)
        processes_signal(&runner->processes, run, frame->action, PROCESSES_CANCELLED, clock_now_ms());
}

static void acknowledge(struct runner *runner, const struct frame *frame)
{
    struct processes_run *run = processes_find(&runner->processes, &frame->run);
    if (!run || run->state != PROCESSES_ENDED)
        return;
    processes_remove(&runner->processes, run);
    int r = journal_acknowledge(&runner->journal, &frame->run);
    if (r != 0)
        notice_say(EFFECT_WARNING, "the journal cannot note that an end was stored: %s", strerror(-r));
    runner_sync_soon(runner);
}

static void kept(struct runner *runner, const struct frame *frame)
{
    struct processes_run *run = processes_find(&runner->processes, &frame->run);
    if (!run)
        return;
    processes_take(run, frame->taken);
    struct frame reply = {.kind = FRAME_TAKEN, .run = run->id};
    memcpy(reply.taken, run->taken, sizeof reply.taken);
    runner_send(runner, &reply, NULL);
}

static void zone_want(struct runner *runner, const struct frame *frame)
{
    struct zone_file *file = zone_files_get(&runner->zones, frame->name);
    struct frame reply = {.kind = FRAME_ZONE};
    snprintf(reply.name, sizeof reply.name, "%s", frame->name);
    if (file) {
        file->is_wanted = true;
        reply.data = buffer_view(&file->bytes);
    }
    runner_send(runner, &reply, NULL);
}

static void resume(struct runner *runner, const struct frame *frame)
{
    if (frame->boottime_ns < runner->resume_after_ns || frame->boottime_ns > clock_boottime_ns() ||
        runner->is_stopping)
        return;
    runner->refuses[0] = '\0';
    runner_beat(runner);
}

static void heartbeat(struct runner *runner, const struct frame *frame)
{
    (void)runner;
    (void)frame; // that it came is all it says
}

typedef void handler(struct runner *runner, const struct frame *frame);
static handler *const HANDLERS[FRAME_KIND_COUNT] = {
    [FRAME_RECORD] = record,
    [FRAME_SHOW] = show,
    [FRAME_START] = start,
    [FRAME_SIGNAL] = signal_run,
    [FRAME_ENDED_ACK] = acknowledge,
    [FRAME_ZONE_WANT] = zone_want,
    [FRAME_RESUME] = resume,
    [FRAME_HEARTBEAT] = heartbeat,
    [FRAME_KEPT] = kept,
};

uint64_t runner_check_gap(struct runner *runner)
{
    uint64_t now_ns = clock_boottime_ns();
    uint64_t gap_ms = gap_wake(&runner->gap, now_ns);
    if (gap_ms <= RUNNER_GAP_MS)
        return now_ns;
    notice_say(EFFECT_WARNING, "the runner was away for %llu ms; nothing starts until jobs are taken anew",
               (unsigned long long)gap_ms);
    child_forgive(&runner->child, clock_now_ms());
    runner->resume_after_ns = now_ns;
    if (!runner->is_stopping)
        snprintf(runner->refuses, sizeof runner->refuses, "the runner was away for %llu ms",
                 (unsigned long long)gap_ms);
    runner_beat(runner);
    return now_ns;
}

void runner_listen(struct runner *runner)
{
    for (int count = 0; count < RUNNER_TURN_FRAME_COUNT && child_can_talk(&runner->child); count++) {
        struct link_delivery delivery;
        int outcome = link_receive(&runner->child.link, &delivery);
        if (outcome == LINK_EMPTY)
            break;
        runner_check_gap(runner); // a process that was stopped just here must not act on what it then finds
        handler *handle = outcome == 0 ? HANDLERS[delivery.frame.kind] : NULL;
        if (outcome == LINK_CLOSED) {
            child_closed(&runner->child, clock_now_ms());
        } else if (!handle) {
            for (size_t i = 0; outcome == 0 && i < delivery.descriptor_count; i++)
                close(delivery.descriptors[i]);
            runner->malformed++;
            child_end(&runner->child, "it sent a malformed frame");
        } else {
            child_heard(&runner->child, clock_now_ms());
            handle(runner, &delivery.frame);
        }
    }
    runner_settle_feed(runner);
}
