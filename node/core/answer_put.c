// answer_put.c - taking signed records from a person, and answering when they are durable here.
#include "node/core/intake.h"
#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_run_order(const struct envelope *envelope)
{
    struct arena arena = {0};
    struct order order;
    bool is_run = envelope->kind == ENVELOPE_ORDER && !order_decode(envelope->body, &arena, &order) &&
                  order.action == ORDER_RUN;
    arena_deinit(&arena);
    return is_run;
}

// What starts something waits for room: taken now, it would be carried out and then forgotten.
static const char *refuse_early(const struct core *core, struct bytes record)
{
    if (!clock_is_trusted(core))
        return "this node's clock is not trusted, so it takes no changes; use another node, set the clock, "
               "or "
               "`katydid clock trust`";
    struct envelope envelope;
    if (core->storage == EVENT_STORAGE_FAILED)
        return "this node's disk does not keep what is written to it; use another node and replace the disk";
    if (core->storage == EVENT_STORAGE_FULL && !envelope_parse(record, &envelope) &&
        (envelope.kind == ENVELOPE_DEFINITION || envelope.kind == ENVELOPE_EVENT || is_run_order(&envelope)))
        return "this node's disk is full: it takes pauses and deletes, but no new definitions, no events and "
               "no "
               "orders to run; free some space";
    return NULL;
}

static void take_one(struct core *core, struct answer *answer, struct bytes record)
{
    struct control_put *put = &answer->puts[answer->put_count++];
    struct intake_note note = {.text = refuse_early(core, record)};
    int outcome = note.text ? INTAKE_REFUSED : intake_record(core, record, INTAKE_PERSON, &note);
    if (outcome == 0)
        fleet_spread(core, &note.id, record, NULL);
    if (outcome == INTAKE_SIGNER_UNKNOWN)
        core->rejected++; // a person's does not wait for its signer, as a peer's does
    put->record = note.id.hash;
    put->text =
        base_copy_text(outcome == INTAKE_REFUSED || outcome == INTAKE_SIGNER_UNKNOWN ? note.text : "");
    put->outcome = outcome == 0              ? CONTROL_PUT_ADDED
                   : outcome == INTAKE_KNOWN ? CONTROL_PUT_KNOWN
                                             : CONTROL_PUT_REFUSED;
    answer->ticket = MAX_OF(answer->ticket, note.ticket);
}

void answer_put(struct core *core, uint64_t client, const struct control_request *request)
{
    struct answer *answer = answer_new(core, client, request);
    answer->stage = ANSWER_STORING;
    answer->puts = base_alloc(request->record_count, sizeof *answer->puts);
    for (size_t i = 0; i < request->record_count; i++)
        take_one(core, answer, request->records[i]);
    intake_follow(core);
    if (!answer->ticket || answer->ticket <= core->settled_ticket)
        answer_put_done(core, answer);
}

void answer_put_done(struct core *core, struct answer *answer)
{
    size_t refused = 0;
    if (answer->kind == CONTROL_CLOCK_TRUST) {
        answer_clock_trusted(core, answer);
        return;
    }
    for (size_t i = 0; i < answer->put_count; i++) {
        struct control_reply reply = {.kind = CONTROL_REPLY_PUT, .is.put = answer->puts[i]};
        refused += answer->puts[i].outcome == CONTROL_PUT_REFUSED;
        answer_reply(core, answer->client, &reply);
    }
    answer_last(core, answer->client, refused ? 1 : 0, "%s", "");
    answer_end(core, answer);
}
