#include "tests/sim/sim_person.h"

#include "tests/sim/sim_node.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 10000 };

void sim_answer_free(struct sim_answer *answer)
{
    if (!answer)
        return;
    for (size_t i = 0; i < answer->count; i++)
        buffer_deinit(&answer->messages[i]);
    free(answer->messages);
    free(answer);
}

void sim_people_deinit(struct sim_people *people)
{
    for (size_t i = 0; i < people->count; i++)
        sim_answer_free(people->answers[i]);
    free(people->answers);
}

static void finish(struct sim_answer *answer, uint32_t exit_status, const char *text)
{
    answer->is_done = true;
    answer->exit_status = exit_status;
    snprintf(answer->text, sizeof answer->text, "%s", text);
}

void sim_people_lose(struct sim *sim, const struct sim_node *node)
{
    for (size_t i = 0; i < sim->people->count; i++)
        if (sim->people->answers[i]->node == node && !sim->people->answers[i]->is_done)
            finish(sim->people->answers[i], 3, "the node died");
}

static struct sim_answer *find(const struct sim *sim, uint64_t client)
{
    for (size_t i = 0; i < sim->people->count; i++)
        if (sim->people->answers[i]->client == client)
            return sim->people->answers[i];
    return NULL;
}

void sim_person_reply(struct sim *sim, uint64_t client, struct bytes message, bool last)
{
    struct sim_answer *answer = find(sim, client);
    if (!answer)
        return;
    struct control_reply reply;
    struct arena arena = {0};
    arena_allow(&arena, message.size);
    int outcome = control_reply_decode(message, &arena, &reply);
    assert(outcome == 0);
    if (last)
        finish(answer, reply.exit_status, reply.text);
    if (reply.kind == CONTROL_REPLY_LOG) { // this person reads fast
        const struct event event = {.kind = EVENT_CONTROL_DRAINED, .is.control.client = client};
        sim_node_post(answer->node, 1, &event, (struct bytes){0});
    }
    if (reply.kind != CONTROL_REPLY_END) {
        void *messages = answer->messages;
        base_grow(&messages, &answer->capacity, answer->count + 1, sizeof *answer->messages);
        answer->messages = messages;
        answer->messages[answer->count] = (struct buffer){0};
        buffer_add(&answer->messages[answer->count++], message.data, message.size);
    }
    arena_deinit(&arena);
}

void sim_answer_get(const struct sim_answer *answer, size_t index, struct arena *arena,
                    struct control_reply *ret_reply)
{
    arena_allow(arena, answer->messages[index].size);
    int outcome = control_reply_decode(buffer_view(&answer->messages[index]), arena, ret_reply);
    assert(outcome == 0);
}

static bool is_done(struct sim *sim, void *context)
{
    const struct sim_answer *answer = context;
    (void)sim;
    return answer->is_done;
}

static void forget(struct sim *sim, const struct sim_answer *answer)
{
    struct sim_people *people = sim->people;
    for (size_t i = 0; i < people->count; i++) {
        if (people->answers[i] != answer)
            continue;
        people->answers[i] = people->answers[--people->count];
        return;
    }
}

struct sim_answer *sim_person_ask(struct sim *sim, struct sim_node *node,
                                  const struct control_request *request)
{
    struct sim_people *people = sim->people;
    void *answers = people->answers;
    base_grow(&answers, &people->capacity, people->count + 1, sizeof(struct sim_answer *));
    people->answers = answers;
    struct sim_answer *answer = base_alloc(1, sizeof *answer);
    people->answers[people->count++] = answer;
    answer->client = ++people->client;
    answer->node = node;
    if (!node->core) {
        finish(answer, 3, "no agent");
    } else {
        struct control_request filled = *request;
        filled.job = request->job ? request->job : "";
        filled.run = request->run ? request->run : "";
        struct buffer message = {0};
        control_request_encode(&filled, &message);
        const struct event event = {.kind = EVENT_CONTROL, .is.control.client = answer->client};
        sim_node_post(node, 0, &event, buffer_view(&message));
        buffer_deinit(&message);
    }
    (void)sim_run_until(sim, is_done, answer, PATIENCE_MS);
    forget(sim, answer);
    return answer;
}

enum sim_put sim_person_put(struct sim *sim, struct sim_node *node, struct sim_record record)
{
    struct bytes records[] = {buffer_view(&record.envelope)};
    const struct control_request request = {.kind = CONTROL_PUT, .records = records, .record_count = 1};
    struct sim_answer *answer = sim_person_ask(sim, node, &request);
    enum sim_put outcome = answer->is_done && answer->exit_status != 3 ? SIM_PUT_REFUSED : SIM_PUT_UNANSWERED;
    struct arena arena = {0};
    struct control_reply reply;
    struct envelope envelope;
    if (!envelope_parse(records[0], &envelope))
        sim_say(sim, "a person gives %s a record of kind %02x%s", node->identity->name, envelope.kind,
                outcome == SIM_PUT_UNANSWERED ? ", in vain" : "");
    if (answer->count) {
        sim_answer_get(answer, 0, &arena, &reply);
        if (reply.is.put.outcome == CONTROL_PUT_REFUSED)
            sim_say(sim, "%s refuses a record: %s", node->identity->name, reply.is.put.text);
        outcome = reply.is.put.outcome == CONTROL_PUT_ADDED   ? SIM_PUT_ADDED
                  : reply.is.put.outcome == CONTROL_PUT_KNOWN ? SIM_PUT_KNOWN
                                                              : SIM_PUT_REFUSED;
    }
    arena_deinit(&arena);
    sim_answer_free(answer);
    buffer_deinit(&record.envelope);
    return outcome;
}
