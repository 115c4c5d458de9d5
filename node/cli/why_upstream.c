#include "node/cli/why_upstream.h"

#include <stdio.h>
#include <string.h>

#include "node/cli/job_view.h"
#include "node/cli/local_time.h"
#include "node/core/trigger/upstream.h"
#include "node/io/clock.h"

enum {
    FIND_BACK_MS = 24 * 3600 * 1000, // what is older kept nobody from running
    FIND_AFTER_MS = 60 * 1000,       // a time people type is the minute that it names
    FIND_COUNT_MAX = 2000,
};

struct search {
    const struct definition_trigger *trigger;
    const char *job;
    int64_t at_ms;
    bool is_exact; // found it due at that very time
    bool is_found;
    struct why_upstream last;
};

static void take(struct search *search, const struct control_run *run)
{
    bool is_exact = run->due_ms <= search->at_ms && search->at_ms <= run->last_due_ms;
    if (run->due_ms > search->at_ms + FIND_AFTER_MS || (search->is_found && (search->is_exact || !is_exact)))
        return; // rows come newest first
    search->is_found = true;
    search->is_exact = is_exact;
    search->last = (struct why_upstream){.wanted = search->trigger->outcome,
                                         .status = run->status,
                                         .due_ms = is_exact ? search->at_ms : run->last_due_ms,
                                         .ended_ms = run->ended_ms};
    snprintf(search->last.job, sizeof search->last.job, "%s", search->job);
    snprintf(search->last.reason, sizeof search->last.reason, "%s", run->reason);
}

static void ask(struct client *client, struct search *search)
{
    const struct control_request request = {.kind = CONTROL_RUNS,
                                            .job = search->job,
                                            .run = "",
                                            .since_ms = search->at_ms - FIND_BACK_MS,
                                            .limit = FIND_COUNT_MAX};
    struct control_reply reply;
    client_send(client, &request);
    while (client_next(client, &reply))
        if (reply.kind == CONTROL_REPLY_RUN)
            take(search, &reply.is.run);
}

int64_t why_upstream_came_ms(const struct why_upstream *upstream)
{
    return MAX_OF(upstream->ended_ms, upstream->due_ms);
}

static void look_at(struct client *client, const struct definition_trigger *trigger, const char *job,
                    int64_t at_ms, struct why_upstream *best)
{
    struct search search = {.trigger = trigger, .job = job, .at_ms = at_ms};
    ask(client, &search);
    bool is_kept =
        search.is_found && (search.last.status == LEDGER_OPEN || !upstream_fits(trigger, search.last.status));
    if (!is_kept || (best->is_found && why_upstream_came_ms(&search.last) <= why_upstream_came_ms(best)))
        return;
    *best = search.last;
    best->is_found = true;
}

void why_upstream_find(struct client *client, const struct definition *definition, int64_t at_ms,
                       struct why_upstream *ret)
{
    *ret = (struct why_upstream){0};
    for (size_t i = 0; i < definition->trigger_count; i++) {
        const struct definition_trigger *trigger = &definition->triggers[i];
        for (size_t k = 0; trigger->kind == DEFINITION_AFTER && k < trigger->job_count; k++)
            if (!strpbrk(trigger->jobs[k], "*?["))
                look_at(client, trigger, trigger->jobs[k], at_ms, ret);
    }
}

void why_upstream_text(const struct why_upstream *upstream, const struct zone_file *zone, char *out,
                       size_t size)
{
    char when[LOCAL_TIME_ROOM];
    const char *reason = upstream->reason;
    int64_t at_ms = upstream->ended_ms ? upstream->ended_ms : upstream->due_ms;
    local_time_exact(zone->zone, at_ms, clock_wall_ms(), when);
    snprintf(out, size, "upstream %s %s %s%s%s%s%s%s", job_view_short(upstream->job),
             upstream->ended_ms                ? "ended"
             : upstream->status == LEDGER_OPEN ? "is"
                                               : "was",
             ledger_status_text(upstream->status), upstream->ended_ms ? " at " : ", due ", when,
             reason[0] ? " (" : "", reason, reason[0] ? ")" : "");
}

const char *why_upstream_wanted(const struct why_upstream *upstream)
{
    static const char *const WORDS[] = {"ok", "not ok", "in any way"};
    return WORDS[upstream->wanted];
}

json_t *why_upstream_document(const struct why_upstream *upstream)
{
    if (!upstream->is_found)
        return json_null();
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o}", "job", document_text(job_view_short(upstream->job)),
                     "outcome", document_outcome(upstream->status), "wanted", why_upstream_wanted(upstream),
                     "due", document_time(upstream->due_ms), "ended", document_time(upstream->ended_ms),
                     "reason", document_text_or_null(upstream->reason));
}
