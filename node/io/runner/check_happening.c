// check_happening.c - rule 4 for triggers without a calendar: did it really happen, and not too long ago?
//
// Such a start has no due time; its cause is the hash of what happened, recomputed here from what the runner
// knows itself. `happened_ms` is what the command is told as its due time, and what the journal forgets by.
#include <string.h>

#include "crdt/scope.h"
#include "crdt/stamp.h"
#include "node/core/trigger/boot.h"
#include "node/core/trigger/due.h"
#include "node/core/trigger/event_fate.h"
#include "node/core/trigger/member_change.h"
#include "node/io/runner/check.h"
#include "node/io/runner/watches.h"

// The journal may forget old marks of a trigger and then denies whatever is older; a boot has no time that
// could be trusted, so each boot is a series of its own.
static void part_series(struct check *check)
{
    uint64_t part;
    memcpy(&part, check->start->cause_record.b, sizeof part);
    check->key.series = (check->key.series ^ part) | 1;
}

static int judge_boot(struct check *check, const struct definition_trigger *trigger)
{
    const struct check_world *world = check->world;
    const struct hash cause = boot_cause(world->boot, &world->evidence->self);
    uint64_t up_ms = world->boottime_ns / 1000000;
    if (!hash_equal(&cause, &check->start->cause_record))
        return check_deny(check, "it is not for this boot of this node");
    if (up_ms < trigger->delay_ms)
        return check_deny(check, "it is due %llu ms after the boot, %llu ms from now",
                          (unsigned long long)trigger->delay_ms,
                          (unsigned long long)(trigger->delay_ms - up_ms));
    if (check->definition.spread != DEFINITION_SPREAD_ALL && !check->definition.node[0])
        return check_deny(check, "a boot trigger needs a job for one named node or for each");
    check->happened_ms = boot_due_ms(check_wall_ms(check), world->boottime_ns, trigger->delay_ms);
    part_series(check);
    return 0;
}

// What was not seen by a process of ours did not happen. Each piece of news is a series of its own.
static int judge_file(struct check *check)
{
    const struct frame_start *start = check->start;
    const struct watches_news *news = watches_find(check->world->watches, &start->cause_record);
    if (!news || !hash_equal(&news->definition, &start->definition) || news->trigger != start->trigger)
        return check_deny(check, "no such change of a file was seen here");
    check->happened_ms = news->wall_ms;
    check->news = news;
    part_series(check);
    return 0;
}

// A period after the end of a run, says the owner; what can be seen here is that no two starts are closer.
static int judge_after_end(struct check *check, const struct definition_trigger *trigger)
{
    const struct frame_start *start = check->start;
    const struct definition *definition = &check->definition;
    const struct intervals_item *last =
        intervals_find(check->world->intervals, &check->job_hash, start->trigger);
    int64_t first_ms =
        MAX_OF(stamp_wall_ms(definition->since) + (int64_t)trigger->period_ms, definition->not_before_ms);
    if (!hash_is_zero(&start->cause_record) || check_is_of_no_calendar(start->cause))
        return check_deny(check, "an interval has no other cause");
    if (start->due_ms > check_wall_ms(check))
        return check_deny(check, "it is due in %lld ms by this node's clock",
                          (long long)(start->due_ms - check_wall_ms(check)));
    if (start->due_ms < first_ms || (definition->not_after_ms && start->due_ms > definition->not_after_ms))
        return check_deny(check, "the interval has not begun then, or is over");
    if (!last || memcmp(last->last.occurrence, check->key.occurrence, sizeof check->key.occurrence) == 0)
        return 0;
    uint64_t passed_ms = (check->world->boottime_ns - last->started_ns) / 1000000;
    if (passed_ms < trigger->period_ms)
        return check_deny(check, "it started %llu ms ago, and its period is %llu ms",
                          (unsigned long long)passed_ms, (unsigned long long)trigger->period_ms);
    return 0;
}

static int judge_node(struct check *check, const struct definition_trigger *trigger)
{
    const struct directory_node *node = evidence_node(check->world->evidence, &check->event->signer);
    if (trigger->from == DEFINITION_FROM_OPERATORS)
        return check_deny(check, "the job listens to events of operators only");
    if (!node)
        return check_need(check, &check->event->id); // who needs it is shown its signer again too
    if (node->is_revoked)
        return check_deny(check, "the node that emitted the event is revoked");
    if (!labels_cover(&node->labels, &trigger->where) ||
        (trigger->node[0] && strcmp(trigger->node, node->name) != 0))
        return check_deny(check, "the job does not listen to events of %s", node->name);
    return 0;
}

static int judge_operator(struct check *check, const struct definition_trigger *trigger)
{
    const struct event_record *event = &check->event->event;
    const struct permission_request request = {.action = SCOPE_TRIGGER,
                                               .namespace_name = event->namespace_name,
                                               .stamp = event->stamp,
                                               .authority_number = event->authority_number};
    if (trigger->from == DEFINITION_FROM_NODES)
        return check_deny(check, "the job listens to events of nodes only");
    enum permission permission =
        permission_judge(&check->world->evidence->authority, &check->event->signer, &request);
    return permission == PERMISSION_GRANTED ? 0 : check_deny(check, "event: %s", permission_text(permission));
}

static int judge_event_time(struct check *check)
{
    const struct event_record *event = &check->event->event;
    int64_t wall_ms = check->world->wall_ms, at_ms = stamp_wall_ms(event->stamp);
    if (event->expires_ms <= at_ms || event->expires_ms - at_ms > LIMIT_EVENT_MS_MAX)
        return check_deny(check, "the event lives for more than a day");
    if (event->stamp <= check->definition.since)
        return check_deny(check, "the event came before this schedule began");
    if (at_ms > wall_ms + LIMIT_STAMP_AHEAD_MS)
        return check_deny(check, "the event lies ahead, by this node's clock");
    if (wall_ms > event->expires_ms + LIMIT_STAMP_AHEAD_MS + check_waiting_ms(check))
        return check_deny(check, "the event has expired");
    check->happened_ms = at_ms;
    check->key.due_ms = at_ms;
    return 0;
}

// Half as many again as the network process starts, because its hour is not quite ours.
static size_t starts_per_hour(const struct definition_trigger *trigger)
{
    return event_fate_per_hour(trigger->throttle_ms) * 3 / 2 + 1;
}

static int judge_event(struct check *check, const struct definition_trigger *trigger)
{
    char name[NAME_JOB_ROOM];
    check->event = events_find(&check->world->evidence->events, &check->start->cause_record);
    if (!check->event)
        return check_need(check, &check->start->cause_record);
    name_join_job(check->event->event.namespace_name, check->event->event.name, name);
    if (!name_fits(trigger->name, name))
        return check_deny(check, "the job does not listen to %s", name);
    int outcome = check->event->is_of_node ? judge_node(check, trigger) : judge_operator(check, trigger);
    check->starts_per_hour = starts_per_hour(trigger);
    return outcome ? outcome : judge_event_time(check);
}

// Whether it is true that a node came or died is nobody's to prove; that the job waits for such a change of
// such a node is. So what a lying network process can do is bounded by the hour.
static int judge_member(struct check *check, const struct definition_trigger *trigger)
{
    const struct frame_member *change = &check->start->member;
    const struct directory_node *node = evidence_node(check->world->evidence, &change->node);
    const struct hash cause = member_change_cause(change);
    if (!hash_equal(&cause, &check->start->cause_record))
        return check_deny(check, "the change of members is not what it is said to be");
    if (!*member_change_text(change->change) || !(trigger->changes & change->change))
        return check_deny(check, "the job does not wait for such a change of members");
    if (!node)
        return check_deny(check, "nothing proves who the member is");
    if (!labels_cover(&node->labels, &trigger->where) ||
        (trigger->node[0] && strcmp(trigger->node, node->name) != 0))
        return check_deny(check, "the job does not wait for changes of %s", node->name);
    check->member = node;
    check->starts_per_hour = starts_per_hour(trigger);
    check->happened_ms = check->world->wall_ms;
    check->key.due_ms = check->world->wall_ms;
    return 0;
}

// By when it happened, as the core judges it; a boot, a file and a member by when they start.
static int judge_limits(struct check *check, const struct definition_trigger *trigger)
{
    const struct definition *definition = &check->definition;
    const struct zone *zone = zone_files_zone(check->world->zones, definition->zone);
    struct trigger_error error = {0};
    struct due *limits = NULL;
    bool has_time = trigger->kind == DEFINITION_EVENT || trigger->kind == DEFINITION_AFTER;
    int64_t at_ms = has_time ? check->happened_ms : check->world->wall_ms;
    if (trigger->kind == DEFINITION_EVERY)
        at_ms = check->start->due_ms;
    if (!definition->blackout_count && !definition->not_before_ms && !definition->not_after_ms)
        return 0;
    if (!zone && !due_needs_zone(definition))
        zone = zone_utc();
    if (!zone)
        return check_deny(check, "time zone %s is not known here", definition->zone);
    int outcome = due_open_limits(definition, zone, &limits, &error);
    if (outcome)
        return check_deny(check, "its blackouts cannot be computed: %s", error.text);
    const char *reason = due_limit(limits, at_ms);
    due_free(limits);
    return reason ? check_deny(check, "what it is for came at a wrong time: %s", reason) : 0;
}

static int judge_cause(struct check *check, const struct definition_trigger *trigger)
{
    const struct frame_start *start = check->start;
    if (trigger->kind == DEFINITION_EVERY)
        return judge_after_end(check, trigger);
    if (start->due_ms != 0)
        return check_deny(check, "what happens has no due time");
    if (hash_is_zero(&start->cause_record))
        return check_deny(check, "nothing is said to have happened");
    int outcome;
    switch (trigger->kind) {
    case DEFINITION_AFTER:
        outcome = check_upstream(check, trigger);
        part_series(check);
        return outcome;
    case DEFINITION_BOOT:
        return judge_boot(check, trigger);
    case DEFINITION_FILE:
        return judge_file(check);
    case DEFINITION_EVENT:
        return judge_event(check, trigger);
    case DEFINITION_MEMBER:
        return judge_member(check, trigger);
    default:
        return check_deny(check, "its trigger has no due times");
    }
}

int check_happening(struct check *check, const struct definition_trigger *trigger)
{
    int outcome = judge_cause(check, trigger);
    return outcome ? outcome : judge_limits(check, trigger);
}
