// answer_emit.c - `emit --as-node`: an event that this node signs itself, answered when it is durable here.
#include "node/core/emissions.h"
#include "node/core/state.h"

#include <string.h>

static const char *refuse_early(const struct core *core)
{
    if (!clock_is_trusted(core))
        return "this node's clock is not trusted, so it emits nothing; set the clock, or `katydid clock "
               "trust`";
    if (core->storage == EVENT_STORAGE_FAILED)
        return "this node's disk does not keep what is written to it";
    return core->storage == EVENT_STORAGE_FULL ? "this node's disk is full; free some space" : NULL;
}

static bool read_event(const struct control_request *request, struct event_record *ret_event)
{
    *ret_event = (struct event_record){.expires_ms = request->at_ms};
    if (request->record_count)
        ret_event->data = request->records[0];
    return name_split_job(request->job, ret_event->namespace_name, ret_event->name) &&
           ret_event->data.size <= LIMIT_EVENT_DATA_SIZE_MAX;
}

void answer_emit(struct core *core, uint64_t client, const struct control_request *request)
{
    struct event_record event;
    struct intake_note note = {.text = refuse_early(core)};
    if (!note.text && !read_event(request, &event))
        note.text = "an event has a name and at most 4096 bytes of data";
    int outcome = note.text ? INTAKE_REFUSED : emissions_emit(core, &event, &note);
    if (outcome != 0) {
        answer_last(core, client, 1, "%s", note.text);
        return;
    }
    struct answer *answer = answer_new(core, client, request);
    answer->stage = ANSWER_STORING;
    answer->puts = base_alloc(1, sizeof *answer->puts);
    answer->puts[answer->put_count++] = (struct control_put){
        .record = note.id.hash, .outcome = CONTROL_PUT_ADDED, .text = base_copy_text("")};
    answer->ticket = note.ticket;
}
