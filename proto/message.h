// message.h - what two nodes say to each other over an encrypted stream.
//
// The type travels as the stream frame's type byte (proto/stream.h), the body in the layouts below:
// little endian, texts and blobs with their length in front, lists with their count. Every count and
// size is bounded by the frame (LIMIT_STREAM_FRAME_SIZE_MAX) before anything is taken. Views point
// into the body. Decoders return 0 or MESSAGE_MALFORMED.
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include "proto/arena.h"
#include "proto/ids.h"
#include "proto/limits.h"
#include "proto/name.h"

enum message_type {
    MESSAGE_RECORDS = 1, // envelopes of kinds 02-23, news or asked for
    MESSAGE_WANT,        // record ids: send me these
    MESSAGE_AUTHORITY,   // send me your authority log from this number on
    MESSAGE_RECONCILE,   // one step of range reconciliation: topic, bytes
    MESSAGE_KEEP,        // ledger envelopes (kinds 40-45) for you to keep
    MESSAGE_KEPT,        // their ids: durable here
    MESSAGE_OFFER,       // ids of ledger records you should have: answer with MESSAGE_LACK
    MESSAGE_LACK,        // those of them that are not here; none: all are
    MESSAGE_TAKE,        // I take these jobs under these epochs
    MESSAGE_TAKEN,       // what I know of some of them; or: a higher epoch is known
    MESSAGE_ASK,         // a question of a person, about history
    MESSAGE_TOLD,        // rows for it
    MESSAGE_PROBE,       // a packet of membership that did not get through as a datagram
    MESSAGE_PROVISIONAL, // ledger envelopes that one record will replace soon: remember them
    MESSAGE_COMPARE,     // digests of what the ledger here says of jobs you keep
    MESSAGE_COMPARED,    // those that are others here
    MESSAGE_DETOUR,      // bytes of a link between two others, or of one to you by way of another
};

enum {
    MESSAGE_MALFORMED = 1,
    MESSAGE_LIST_MAX = 1024,
    MESSAGE_STRETCH_MAX = 16,
};

struct message_list { // ids or envelopes
    struct bytes *items;
    size_t count;
};

// RECORDS KEEP PROVISIONAL: envelopes. WANT KEPT: ids of HASH_SIZE bytes each.
int message_list_decode(struct bytes body, struct arena *arena, struct message_list *ret) WARN_UNUSED;
// Writes as many as one message takes, at least one; returns how many.
size_t message_list_encode(const struct bytes *items, size_t count, struct buffer *out);
int message_ids_decode(struct bytes body, const struct hash **ret_ids, size_t *ret_count) WARN_UNUSED;

enum { MESSAGE_DIGEST_SIZE = 16 };

struct message_compare_job {
    char job[NAME_JOB_ROOM];
    uint8_t digest[MESSAGE_DIGEST_SIZE];
    uint16_t index; // as the asker counts them
};

struct message_compare {
    uint64_t number;                  // the asker's
    struct message_compare_job *jobs; // in the arena; at most LIMIT_COMPARED_JOB_COUNT_MAX
    size_t count;
};
int message_compare_decode(struct bytes body, struct arena *arena, struct message_compare *ret) WARN_UNUSED;
void message_compare_encode(const struct message_compare *compare, struct buffer *out);

struct message_compared {
    uint64_t number; // of the question
    uint16_t differing[LIMIT_COMPARED_JOB_COUNT_MAX];
    size_t count;
};
int message_compared_decode(struct bytes body, struct message_compared *ret) WARN_UNUSED;
void message_compared_encode(const struct message_compared *compared, struct buffer *out);

enum { MESSAGE_DETOUR_SIZE_MAX = LIMIT_STREAM_FRAME_SIZE_MAX - 2 * NODE_ID_SIZE - 9 };

struct message_detour {
    struct node_id to, from;
    uint64_t channel;   // as the caller counts them
    bool is_caller;     // `from` is
    struct bytes bytes; // view into the body; at most MESSAGE_DETOUR_SIZE_MAX
};
int message_detour_decode(struct bytes body, struct message_detour *ret) WARN_UNUSED;
void message_detour_encode(const struct message_detour *detour, struct buffer *out);

struct message_offer {      // OFFER LACK
    uint64_t number;        // the offerer's
    const struct hash *ids; // views into the body; at most MESSAGE_LIST_MAX
    size_t count;
};
int message_offer_decode(struct bytes body, struct message_offer *ret) WARN_UNUSED;
void message_offer_encode(const struct message_offer *offer, struct buffer *out);

struct message_stretch { // due times, both ends in it
    int64_t first_ms, last_ms;
};

struct message_take_job {
    char job[NAME_JOB_ROOM];
    uint64_t life;
    uint64_t epoch_number; // the taker is the sender
    int64_t decided_ms;    // the taker knows of every due time up to here, but for the open ones
    size_t open_count;
    struct message_stretch open[MESSAGE_STRETCH_MAX]; // due times of which it knows no end
};

struct message_take {
    struct message_take_job *jobs; // in the arena
    size_t count;
};
int message_take_decode(struct bytes body, struct arena *arena, struct message_take *ret) WARN_UNUSED;
// Writes as many as one message takes, at least one; returns how many.
size_t message_take_encode(const struct message_take_job *jobs, size_t count, struct buffer *out);

struct message_cursor {
    uint64_t schedule_version;
    uint16_t trigger;
    int64_t decided_ms;
};

struct message_taken_job {
    char job[NAME_JOB_ROOM];
    uint64_t life;
    uint64_t asked_number; // the epoch this answers
    uint64_t epoch_number; // the highest epoch promised here; above asked: refused
    struct node_id epoch_node;
    struct node_id previous_owner;  // of the highest epoch it had seen before; zero: none
    struct message_cursor *cursors; // in the arena; those beyond what the taker said it knows
    size_t cursor_count;
    const struct run_id *running; // attempts this node is running now; views are copies in the arena
    size_t running_count;
};

struct message_taken {
    struct message_taken_job *jobs; // in the arena
    size_t count;
};
int message_taken_decode(struct bytes body, struct arena *arena, struct message_taken *ret) WARN_UNUSED;
size_t message_taken_encode(const struct message_taken_job *jobs, size_t count, struct buffer *out);

struct message_ask {
    uint64_t number; // the asker's
    uint8_t kind;    // enum effect_query_kind
    char job[NAME_JOB_ROOM];
    char run_prefix[2 * RUN_ID_SIZE + 1];
    struct run_id run;
    struct hash cause;
    uint32_t from;
    int64_t since_ms, until_ms;
    uint32_t limit;
    bool failed;
};
int message_ask_decode(struct bytes body, struct message_ask *ret) WARN_UNUSED;
void message_ask_encode(const struct message_ask *ask, struct buffer *out);

struct message_story {
    char job[NAME_JOB_ROOM];
    struct hash occurrence;
    uint64_t stamp;
    struct node_id node;
    const char *what;
};

struct message_told {
    uint64_t number;
    bool done;                     // no more rows for this question
    struct message_list envelopes; // ledger records
    struct message_story *stories; // in the arena
    size_t story_count;
    const struct run_id *live; // runs that live on the teller now (with done)
    const int64_t *live_started_ms;
    size_t live_count;
};
int message_told_decode(struct bytes body, struct arena *arena, struct message_told *ret) WARN_UNUSED;
void message_told_encode(const struct message_told *told, struct buffer *out);

#endif
