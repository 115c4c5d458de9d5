// sim_net.h - the wires between machines: datagrams that may be late or lost, streams that may stall, cuts.
//
// A cut is one-way: what `from` sends does not reach `to`. A stream is reliable and in order, like TCP: what
// is sent into a cut waits and goes on soon after the heal; when it waits too long, the sender's end closes.
// A killed process closes its streams at the other end, as a kernel does; a power cut tells nobody.
#ifndef TESTS_SIM_SIM_NET_H
#define TESTS_SIM_SIM_NET_H

#include "proto/address.h"
#include "proto/bytes.h"

struct sim;
struct sim_node;
struct sim_stream;

struct sim_net {
    size_t node_count;
    uint64_t min_ms, max_ms;    // one way
    unsigned loss, twice;       // of datagrams, per mille
    bool *cuts;                 // owned; [from * node_count + to]
    bool *blocks;               // owned; the same, of datagrams alone
    struct sim_stream *streams; // owned; a list
    uint64_t accepted;          // numbers of accepted ends are even
    uint64_t datagram_count, datagram_bytes, stream_count, stream_bytes;
};

struct sim_net *sim_net_new(size_t node_count) WARN_UNUSED;
void sim_net_free(struct sim_net *net);

void sim_net_cut(struct sim *sim, size_t from, size_t to); // one way
// Datagrams between two machines are lost, both ways; streams go on.
void sim_net_block(struct sim *sim, size_t one, size_t other);
void sim_net_heal(struct sim *sim, size_t from, size_t to);
void sim_net_heal_all(struct sim *sim);
bool sim_net_reaches(const struct sim *sim, size_t from, size_t to);

// What a node's process does.
void sim_net_datagram(struct sim_node *from, const struct address *to, struct bytes data);
void sim_net_open(struct sim_node *from, uint64_t stream, const struct address *to);
void sim_net_send(struct sim_node *from, uint64_t stream, struct bytes data);
void sim_net_close(struct sim_node *from, uint64_t stream);
void sim_net_end_process(struct sim_node *node, bool kernel_lives);

#endif
