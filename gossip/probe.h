// probe.h - asking members whether they are alive: whom, when, and with whose help.
//
// One member per interval, round robin over a shuffled list, so that everybody is asked within 2 N - 1
// intervals (SWIM, Das et al. 2002, section 4.3). A probe is a ping; if it stays unanswered for the time
// this peer usually takes, three others are asked to ping it, and it is pinged again at its next
// address and over a stream, which gets through where datagrams are lost or blocked. An ack from it or
// through a helper ends the probe well; silence until the end is a failure, which somebody else judges
// (gossip/judge.h). Helpers that were met with silence too send back their own signed suspicion; it is kept
// here and counts only if the probe fails. A stream may have to be opened first, so its ack counts for a
// while after the probe failed: it proves that the member lived when the ping left.
//
// Besides the round there are checks (of members not heard yet, moved, or in doubt), which go the same
// way at once, and contacts of dead members, which are one ping only.
//
// Sans I/O: what is to be sent and what failed is pulled out with probe_next.
#ifndef GOSSIP_PROBE_H
#define GOSSIP_PROBE_H

#include "gossip/members.h"
#include "gossip/random.h"

enum {
    PROBE_HELPER_COUNT = 3,
    PROBE_TIMEOUT_MS_MIN = 100, // of a direct ping, however fast the peer usually is
    PROBE_INDIRECT_MS_MIN = 300,
    PROBE_PENDING_COUNT_MAX = 4096,
    PROBE_LATE_COUNT_MAX = 16, // pings over streams whose probe is over
};

enum probe_kind { PROBE_ROUND, PROBE_CHECK, PROBE_CONTACT };

struct probe_pending {
    struct node_id target;
    enum probe_kind kind;
    uint32_t sequence;
    bool is_indirect;     // helpers were asked
    uint64_t streamed_ms; // it was pinged over a stream; 0: not
    uint64_t sent_ms;
    int64_t sent_wall_ms;
    uint64_t deadline_ms; // of the direct phase, then of the whole
    struct address pinged[2];
    struct node_id helpers[PROBE_HELPER_COUNT];
    size_t helper_count;
    struct buffer suspicions[PROBE_HELPER_COUNT]; // owned envelopes, from nacks
    size_t suspicion_count;
};

enum probe_action_kind { PROBE_PING, PROBE_ASK, PROBE_STREAM, PROBE_FAILED };

struct probe_action {
    enum probe_action_kind kind;
    struct node_id target;
    struct node_id helper;                        // ASK
    uint32_t sequence;                            // PING, ASK, STREAM
    uint16_t wait_ms;                             // ASK
    struct address address;                       // PING
    enum probe_kind probe;                        // FAILED
    struct buffer suspicions[PROBE_HELPER_COUNT]; // FAILED: owned by who takes the action
    size_t suspicion_count;
};

struct probe_late {
    struct node_id target;
    uint32_t sequence;
    uint64_t streamed_ms;
};

struct probe {
    struct members *members; // borrowed
    struct random *random;   // borrowed
    uint64_t interval_ms;
    uint32_t sequence;
    uint64_t next_ms;      // when the next of the round is due
    struct node_id *order; // owned: the round
    size_t order_count;
    size_t order_capacity;
    size_t order_next;
    struct probe_pending *pending; // owned
    size_t pending_count;
    size_t pending_capacity;
    struct probe_late late[PROBE_LATE_COUNT_MAX]; // a ring
    size_t late_next;
    struct probe_action *actions; // owned
    size_t action_count;
    size_t action_capacity;
    size_t action_next;
};

void probe_init(struct probe *probe, struct members *members, struct random *random, uint64_t interval_ms,
                uint64_t now_ms);
void probe_deinit(struct probe *probe);

struct probe_time {
    uint64_t now_ms;
    int64_t wall_ms;
};

// Begins what is due and gives up what is overdue.
void probe_tick(struct probe *probe, struct probe_time time);
uint64_t probe_deadline_ms(const struct probe *probe);
// How long this peer may be silent after a ping before it is doubted.
uint64_t probe_timeout_ms(const struct probe *probe, const struct members_node *node);
// Probes one member now, unless a probe of it is under way or there is no address for it.
void probe_start(struct probe *probe, struct members_node *node, enum probe_kind kind,
                 struct probe_time time);
// Whatever is under way was for a process that is gone.
void probe_cancel(struct probe *probe, const struct node_id *target);
bool probe_is_pending(const struct probe *probe, const struct node_id *target);
// A member was added: it gets a place in the present round.
void probe_insert(struct probe *probe, const struct node_id *id);
// We were away: nobody is to blame for what is under way.
void probe_forgive(struct probe *probe, uint64_t now_ms);
// A local error: this ping did not leave. Helpers are asked at once.
void probe_send_failed(struct probe *probe, const struct node_id *target, uint64_t now_ms);

// The probe of this member that is under way, if any, goes over a stream from the start: it was heard there.
void probe_stream(struct probe *probe, const struct node_id *target, uint64_t now_ms);

struct probe_success {
    uint64_t sent_ms;
    int64_t sent_wall_ms;
    struct address pinged; // the address that answered, as far as can be told
};

// An ack from `from`: true when it answers a ping of ours to it; the probe is over then.
bool probe_acked(struct probe *probe, const struct node_id *from, uint32_t sequence,
                 const struct address *address, struct probe_success *ret_success);
// An ack over a stream: true when it answers a ping of ours that went that way; a probe under way is over.
bool probe_stream_acked(struct probe *probe, const struct node_id *from, uint32_t sequence,
                        uint64_t *ret_sent_ms);
// Helper `from` says that the target answered: true when we had asked it; *ret_target is who is alive.
bool probe_relayed(struct probe *probe, const struct node_id *from, uint32_t sequence,
                   struct node_id *ret_target);
// Helper `from` was met with silence; `suspicion` is its signed word, or empty.
void probe_nacked(struct probe *probe, const struct node_id *from, uint32_t sequence, struct bytes suspicion);

// The next thing to do; false when there is none.
bool probe_next(struct probe *probe, struct probe_action *ret_action);
uint32_t probe_next_sequence(struct probe *probe);

#endif
