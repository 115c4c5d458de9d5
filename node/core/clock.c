#include "node/core/clock.h"

#include "node/core/schedule.h"
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char STORED_KEY[] = "clock/stored", VOUCHED_KEY[] = "clock/vouched";

static uint64_t store(struct core *core, const char *key, int64_t value_ms)
{
    struct buffer value = {0};
    buffer_add_u64(&value, (uint64_t)value_ms);
    const struct effect_write write = {
        .kind = EFFECT_WRITE_META, .class = EFFECT_WRITE_MUST, .key = key, .value = buffer_view(&value)};
    uint64_t ticket = outbox_write(&core->outbox, &write);
    buffer_deinit(&value);
    return ticket;
}

void clock_load(struct core *core, const char *key, struct bytes value)
{
    struct reader reader;
    reader_init(&reader, value);
    int64_t value_ms = (int64_t)reader_u64(&reader);
    if (!reader_is_done(&reader) || value_ms < 0 || value_ms > LIMIT_WALL_MS_MAX)
        return;
    if (strcmp(key, STORED_KEY) == 0)
        core->clock.stored_ms = value_ms;
    else if (strcmp(key, VOUCHED_KEY) == 0)
        core->clock.vouched_ms = value_ms;
}

bool clock_is_trusted(const struct core *core)
{
    return !core->clock.is_distrusted;
}

bool clock_is_settled(const struct core *core, const struct job *job)
{
    const struct clock *clock = &core->clock;
    return (clock->is_begun || !job->is_each) && !(job->needs_clock && clock->correction_ms);
}

uint32_t clock_error_ms(const struct core *core)
{
    static const uint32_t STEPS_MS[] = {100, 1000, 10000, 60000, UINT32_MAX};
    const struct clock *clock = &core->clock;
    uint64_t error_ms = clock->kernel_error_ms;
    if (!clock->is_synchronised && !clock->peer_count)
        return CLOCK_ERROR_UNKNOWN;
    if (!clock->is_synchronised)
        error_ms = (uint64_t)llabs(clock->offset_ms);
    size_t i = 0;
    while (error_ms > STEPS_MS[i])
        i++;
    return STEPS_MS[i];
}

// ---- evidence ----

static bool is_before(const struct core *core, char *reason, size_t room)
{
    const struct clock *clock = &core->clock;
    bool is_before_build = clock->shown_ms < clock->built_ms;
    if (clock->vouched_ms || (!is_before_build && clock->shown_ms >= clock->stored_ms))
        return false;
    snprintf(reason, room,
             is_before_build ? "it shows a time before this program was made"
                             : "it shows a time before the last one that was stored here");
    return true;
}

static bool is_far(const struct core *core, const struct gossip_clock *others, char *reason, size_t room)
{
    int64_t far_ms = llabs(others->offset_ms) - (int64_t)others->uncertainty_ms;
    (void)core;
    if (!others->peer_count || far_ms <= CLOCK_FAR_MS)
        return false;
    snprintf(reason, room, "it is %lld s %s the clock%s of %zu other%s",
             (long long)(llabs(others->offset_ms) / 1000), others->offset_ms > 0 ? "behind" : "ahead of",
             others->peer_count == 1 ? "" : "s", others->peer_count, others->peer_count == 1 ? " node" : "s");
    return true;
}

static void change_mind(struct core *core, const char *reason)
{
    struct clock *clock = &core->clock;
    clock->is_distrusted = *reason;
    snprintf(clock->reason, sizeof clock->reason, "%s", reason);
    outbox_notice(&core->outbox, *reason ? EFFECT_WARNING : EFFECT_INFO, "the clock is %strusted%s%s",
                  *reason ? "not " : "", *reason ? ": " : " again", reason);
    book_story(core, NULL, NULL, "the clock is %strusted%s%s", *reason ? "not " : "",
               *reason ? ": " : " again", reason);
    fleet_renew(core);
    fleet_dirty(core);
}

static void tell_step(struct core *core)
{
    struct clock *clock = &core->clock;
    long long step_ms = clock->step_ms;
    if (!step_ms)
        return;
    clock->step_ms = 0;
    outbox_notice(&core->outbox, EFFECT_WARNING, "the clock was set %s by %lld ms",
                  step_ms > 0 ? "forward" : "back", llabs(step_ms));
    book_story(core, NULL, NULL, "the clock was set %s by %lld ms%s", step_ms > 0 ? "forward" : "back",
               llabs(step_ms), step_ms > 0 ? "" : "; nothing runs twice");
}

static void store_time(struct core *core)
{
    struct clock *clock = &core->clock;
    if (clock->is_distrusted || clock->shown_ms < clock->stored_ms + CLOCK_STORE_MS)
        return;
    clock->stored_ms = clock->shown_ms;
    (void)store(core, STORED_KEY, clock->stored_ms);
}

// By how much what it shows has to be corrected.
static void correct(struct core *core, int64_t correction_ms)
{
    struct clock *clock = &core->clock;
    bool is_near = correction_ms && llabs(correction_ms - clock->correction_ms) <= CLOCK_CORRECT_MS;
    if (is_near || correction_ms == clock->correction_ms)
        return;
    clock->correction_ms = correction_ms;
    core->wall_ms = clock->shown_ms + correction_ms;
    fleet_dirty(core); // whoever waits for a due time waits for another time of this clock
}

static bool is_asked(const struct core *core, const struct gossip_clock *others)
{
    struct node_id other;
    bool is_alone = !fleet_list(core, &other, 1);
    bool are_all = fleet_is_settled(core) && !others->unmeasured_count;
    return is_alone || are_all || others->peer_count >= CLOCK_ASK_COUNT ||
           core->now_ms >= core->clock.ask_until_ms;
}

static void end_asking(struct core *core)
{
    core->clock.ask_until_ms = 0;
    core->clock.is_begun = true;
    for (size_t i = 0; i < core->jobs.count; i++)
        schedule_job(core, core->jobs.items[i]);
}

static void judge(struct core *core, const struct gossip_clock *others)
{
    struct clock *clock = &core->clock;
    char reason[sizeof clock->reason] = "";
    // The others agree: then what was stored here was wrong.
    bool is_agreed = others->peer_count && llabs(others->offset_ms) <= CLOCK_FAR_MS;
    bool is_alone = !others->peer_count && clock->is_distrusted && clock->correction_ms;
    if (is_alone)
        snprintf(reason, sizeof reason, "%s", clock->reason);
    else if (!is_far(core, others, reason, sizeof reason) && !is_agreed)
        (void)is_before(core, reason, sizeof reason);
    if ((*reason != 0) != clock->is_distrusted)
        change_mind(core, reason);
    if (is_agreed && clock->shown_ms < clock->stored_ms)
        clock->stored_ms = 0;
    if (!is_alone)
        correct(core, clock->is_distrusted && others->peer_count ? others->offset_ms : 0);
}

void clock_judge(struct core *core)
{
    struct clock *clock = &core->clock;
    struct gossip_clock others = gossip_clock(core->fleet.gossip, clock->is_distrusted);
    uint32_t error_ms = clock_error_ms(core);
    tell_step(core);
    if (clock->ask_until_ms && is_asked(core, &others))
        end_asking(core);
    if (clock->ask_until_ms && clock->is_begun) // until then it is as it was
        return;
    clock->offset_ms = others.offset_ms;
    clock->peer_count = others.peer_count;
    judge(core, &others);
    if (error_ms != clock_error_ms(core))
        fleet_renew(core);
    store_time(core);
}

void clock_tick(struct core *core)
{
    const struct clock *clock = &core->clock;
    if (!clock->ask_until_ms)
        return;
    struct gossip_clock others = gossip_clock(core->fleet.gossip, clock->is_distrusted);
    if (!is_asked(core, &others))
        return;
    if (clock->correction_ms || llabs(others.offset_ms) > CLOCK_FAR_MS)
        clock_judge(core);
    else
        end_asking(core);
}

// ---- what happens to it ----

// Until the others were asked, what was counted on is still counted on.
static void was_set(struct core *core, int64_t step_ms)
{
    struct clock *clock = &core->clock;
    clock->step_ms += step_ms;
    if (!core->is_ready)
        return;
    struct gossip_clock others = gossip_clock(core->fleet.gossip, clock->is_distrusted);
    gossip_forget_clocks(core->fleet.gossip);
    if (!others.peer_count && !others.unmeasured_count && !clock->correction_ms)
        return;
    clock->correction_ms -= step_ms;
    clock->ask_until_ms = core->now_ms + CLOCK_ASK_MS;
}

void clock_advance(struct core *core, int64_t shown_ms, uint64_t gap_ms)
{
    struct clock *clock = &core->clock;
    int64_t moved_ms = shown_ms - clock->last_wall_ms,
            passed_ms = (int64_t)(core->now_ms - clock->last_now_ms), step_ms = moved_ms - passed_ms;
    clock->shown_ms = shown_ms;
    // While the machine was suspended its monotonic clock stood still: that is a gap, not a step.
    if (clock->last_wall_ms && llabs(step_ms) >= CLOCK_STEP_MS &&
        (!gap_ms || llabs(step_ms - (int64_t)gap_ms) >= CLOCK_STEP_MS))
        was_set(core, step_ms);
    clock->last_wall_ms = shown_ms;
    clock->last_now_ms = core->now_ms;
    core->wall_ms = shown_ms + clock->correction_ms;
}

void clock_kernel(struct core *core, const struct event_clock *kernel)
{
    uint32_t error_ms = clock_error_ms(core);
    core->clock.is_synchronised = kernel->is_synchronised;
    core->clock.kernel_error_ms = kernel->error_ms;
    if (clock_error_ms(core) != error_ms && core->is_ready)
        fleet_renew(core);
}

uint64_t clock_vouch(struct core *core, bool is_right)
{
    struct clock *clock = &core->clock;
    clock->vouched_ms = is_right ? MAX_OF(clock->shown_ms, 1) : 0;
    uint64_t ticket = store(core, VOUCHED_KEY, clock->vouched_ms);
    if (is_right) { // what was stored before is thereby said to be wrong, or not worth more
        clock->stored_ms = 0;
        ticket = store(core, STORED_KEY, 0);
        correct(core, 0);
    }
    book_story(core, NULL, NULL,
               is_right ? "a person vouched for the clock" : "nobody vouches for the clock any more");
    clock_judge(core);
    return ticket;
}
