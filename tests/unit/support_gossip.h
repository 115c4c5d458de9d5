// support_gossip.h - a fleet in memory: many membership machines, one virtual clock, a network that can fail.
//
// Node i lives at 127.0.0.1:1000+i. Records are really signed; sealing is only counted (overhead and
// headers), and checking signatures is left out: who is allowed to say what is judged elsewhere. A
// repair, which the core does over a stream, is a copy of all records in both directions after two
// round trips. Nothing here reads a clock or draws chance but from the seed.
#ifndef TESTS_UNIT_SUPPORT_GOSSIP_H
#define TESTS_UNIT_SUPPORT_GOSSIP_H

#include "gossip/gossip.h"
#include "proto/envelope.h"

enum { SUPPORT_NODE_COUNT_MAX = 320, SUPPORT_NOBODY = -1 };

struct support_datagram {
    size_t from, to;
    bool over_stream;
    struct buffer data; // owned
};

struct support_node {
    struct gossip *gossip; // owned; NULL: not running
    struct envelope_signer signer;
    struct node_id id;
    struct address address;
    uint64_t generation;
    uint8_t instance[16];
    int64_t wall_offset_ms;
    bool takes_work;
    bool is_stopped;                // as by SIGSTOP
    uint64_t settled_ms;            // 0: not yet
    struct support_datagram *inbox; // owned; arrived while stopped
    size_t inbox_count, inbox_capacity;
    struct buffer *memory; // owned records of the process before this one
    size_t memory_count;
    size_t news_count;                // pieces of the caller's news delivered
    uint64_t news_ms;                 // when the last one came
    size_t suspicions_signed;         // by this node, since the beginning
    struct gossip_output differs[64]; // reports, the latest last
    size_t differs_count;
    size_t sent_bytes, sent_packets; // with all headers and sealing
};

struct support_event;

struct support_fleet {
    struct support_node nodes[SUPPORT_NODE_COUNT_MAX];
    size_t count;
    uint64_t now_ms;
    struct random random;
    uint64_t delay_ms_min, delay_ms_max; // one way
    uint64_t loss_permille;
    bool is_cut[SUPPORT_NODE_COUNT_MAX][SUPPORT_NODE_COUNT_MAX];     // from, to
    bool is_blocked[SUPPORT_NODE_COUNT_MAX][SUPPORT_NODE_COUNT_MAX]; // the same, of datagrams alone
    bool has_streams;             // what is said over streams arrives, where there is no cut; else it is lost
    bool repairs;                 // differences of members are repaired
    bool retells;                 // news that is delivered is told on
    struct hasher trace;          // of every datagram sent: who, whom, when, what
    struct support_event *events; // owned, a heap
    size_t event_count, event_capacity;
    uint64_t event_serial;
};

struct support_fleet *support_fleet_new(size_t count, uint64_t seed);
void support_fleet_free(struct support_fleet *fleet);

// Starts a process of node i (a later generation each time) that knows where `seed` is, or nobody, and
// what the process before it knew.
void support_fleet_start(struct support_fleet *fleet, size_t i, int seed);
// Starts all, each knowing node 0, and runs until all count all.
void support_fleet_form(struct support_fleet *fleet);
// Gives node i the key of node `of`: a copied disk on another machine.
void support_fleet_clone(struct support_fleet *fleet, size_t i, size_t of);
void support_fleet_forget(struct support_fleet *fleet, size_t i); // what the process before knew
void support_fleet_kill(struct support_fleet *fleet, size_t i);
void support_fleet_stop(struct support_fleet *fleet, size_t i);
void support_fleet_continue(struct support_fleet *fleet, size_t i);
// Between all of [0, border) and all of [border, count), both ways.
void support_fleet_split(struct support_fleet *fleet, size_t border, bool is_cut);

void support_fleet_run(struct support_fleet *fleet, uint64_t ms);
typedef bool support_condition(const struct support_fleet *fleet, size_t subject);
// Runs until the condition holds; the time it took, or UINT64_MAX if it did not within limit_ms.
uint64_t support_fleet_run_until(struct support_fleet *fleet, support_condition *condition, size_t subject,
                                 uint64_t limit_ms);

const struct members_node *support_fleet_view(const struct support_fleet *fleet, size_t observer,
                                              size_t subject);
bool support_fleet_counts(const struct support_fleet *fleet, size_t observer, size_t subject);
// Conditions.
bool support_all_count_all(const struct support_fleet *fleet,
                           size_t unused); // the running count exactly the running
bool support_all_know_dead(const struct support_fleet *fleet, size_t subject);
bool support_all_count(const struct support_fleet *fleet, size_t subject);

// What a lying member with its own key can do.
void support_fleet_sign_suspicion(struct support_fleet *fleet, size_t accuser, size_t target,
                                  struct buffer *out);
void support_fleet_sign_alive(struct support_fleet *fleet, size_t i, uint64_t incarnation,
                              struct buffer *out);
void support_fleet_sign_leave(struct support_fleet *fleet, size_t i, struct buffer *out);
// As if `from` had sent this record to `to`, who verified it.
void support_fleet_hand(struct support_fleet *fleet, int from, size_t to, struct bytes envelope);
void support_fleet_send(struct support_fleet *fleet, size_t from, size_t to, struct bytes packet);
// Gives what is in the outputs to the world; after calling gossip_... of a node directly.
void support_fleet_settle(struct support_fleet *fleet, size_t i);

#endif
