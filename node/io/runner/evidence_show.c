// evidence_show.c - an end of another job that the network process shows: it counts if a node of the fleet
// signed it, and still is one.
#include <string.h>

#include "node/core/occurrence.h"
#include "node/io/runner/evidence.h"

const struct directory_node *evidence_find_node(const struct evidence *evidence, const struct node_id *id)
{
    const struct directory *directory =
        node_id_equal(id, &evidence->self) ? &evidence->directory : &evidence->others;
    const struct directory_node *node = directory_find(directory, id);
    return node && !node->is_revoked ? node : NULL;
}

static void fill(const struct ledger_occurrence *from, struct shown_end *end)
{
    const struct occurrence occurrence = {.job = from->job,
                                          .life = from->life,
                                          .schedule_version = from->schedule_version,
                                          .trigger = from->trigger,
                                          .target = from->target,
                                          .due_ms = from->due_ms,
                                          .cause = from->cause};
    memcpy(end->job, from->job, sizeof end->job);
    end->end.occurrence = occurrence_id_of(&occurrence);
    end->end.due_ms = from->due_ms;
    end->end.cause = from->cause;
}

static bool read_result(const struct envelope *envelope, size_t index, struct arena *arena,
                        struct shown_end *end)
{
    struct ledger_result *results;
    size_t count;
    if (ledger_results_decode(envelope->body, arena, &results, &count) || index >= count)
        return false;
    fill(&results[index].occurrence, end);
    end->run = results[index].run;
    end->end.status = results[index].status;
    end->end.ended_ms = results[index].ended_ms;
    return true;
}

static bool read_verdict(const struct envelope *envelope, size_t index, struct arena *arena,
                         struct shown_end *end)
{
    struct ledger_verdict *verdicts;
    size_t count;
    if (ledger_verdicts_decode(envelope->body, arena, &verdicts, &count) || index >= count)
        return false;
    fill(&verdicts[index].occurrence, end);
    end->end.status = verdicts[index].status;
    end->end.ended_ms = verdicts[index].at_ms;
    return true;
}

static bool read_end(const struct envelope *envelope, size_t index, struct shown_end *ret_end)
{
    struct arena arena = {0};
    struct shown_end end = {.signer = envelope->signer};
    arena_allow(&arena, envelope->body.size);
    bool is_read = envelope->kind == ENVELOPE_RESULT ? read_result(envelope, index, &arena, &end)
                                                     : read_verdict(envelope, index, &arena, &end);
    arena_deinit(&arena);
    if (is_read)
        *ret_end = end;
    return is_read;
}

static const char *judge(const struct evidence *evidence, const struct frame *frame,
                         struct shown_end *ret_end)
{
    struct envelope envelope;
    struct record_id id;
    int malformed = envelope_parse(frame->data, &envelope);
    if (malformed)
        return envelope_outcome_text(malformed);
    if (envelope.kind != ENVELOPE_RESULT && envelope.kind != ENVELOPE_VERDICT)
        return "it is no end of anything";
    const struct directory_node *node = evidence_find_node(evidence, &envelope.signer);
    if (!node)
        return "no node that is known here signed it";
    int outcome = envelope_verify(&envelope, &evidence->pin.fleet, &node->key, &id);
    if (outcome)
        return envelope_outcome_text(outcome);
    return read_end(&envelope, frame->index, ret_end) ? NULL : "the end is malformed";
}

void evidence_show(struct evidence *evidence, const struct frame *frame, struct evidence_answer *ret_answer)
{
    struct shown_end end;
    const char *why_not = judge(evidence, frame, &end);
    *ret_answer = (struct evidence_answer){.record = frame->record, .ok = !why_not};
    if (why_not)
        reason_set(&ret_answer->reason, "%s", why_not);
    else
        shown_put(&evidence->shown, &frame->record, frame->place, &end);
}
