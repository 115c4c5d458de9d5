// sim_person.h - people at the control sockets of nodes: requests go in encoded, replies come back encoded.
#ifndef TESTS_SIM_SIM_PERSON_H
#define TESTS_SIM_SIM_PERSON_H

#include "proto/control.h"
#include "tests/sim/sim_job.h"

struct sim;
struct sim_node;

struct sim_answer { // to one request
    uint64_t client;
    struct sim_node *node;
    bool is_done;
    uint32_t exit_status; // 3: the node died first
    char text[256];
    struct buffer *messages; // owned; all but the empty last one
    size_t count, capacity;
};

struct sim_people {
    struct sim_answer **answers; // owned; requests not answered in full
    size_t count, capacity;
    uint64_t client;
};

void sim_people_deinit(struct sim_people *people);
void sim_people_lose(struct sim *sim, const struct sim_node *node); // its process ended
void sim_person_reply(struct sim *sim, uint64_t client, struct bytes message, bool last);

// Asks and goes on with the world until it is answered, at most 10 s. Free with sim_answer_free.
struct sim_answer *sim_person_ask(struct sim *sim, struct sim_node *node,
                                  const struct control_request *request) WARN_UNUSED;
void sim_answer_free(struct sim_answer *answer);
// Decodes one reply into the arena.
void sim_answer_get(const struct sim_answer *answer, size_t index, struct arena *arena,
                    struct control_reply *ret_reply);

// Hands over a signed record and frees it. 0: durable there; else why not, also when nobody answered in time.
enum sim_put { SIM_PUT_ADDED, SIM_PUT_KNOWN, SIM_PUT_REFUSED, SIM_PUT_UNANSWERED };
enum sim_put sim_person_put(struct sim *sim, struct sim_node *node, struct sim_record record);

#endif
