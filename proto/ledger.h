// ledger.h - what became of due times: claims, results, verdicts, cursors, log segments (kinds 40, 42-45).
//
// A body is a list of items of one kind and one signer, so that a signature costs per commit and not
// per item; an item's id is (record id, index). Decoded like everything in proto/authority.h; each
// decoder returns 0 or LEDGER_MALFORMED.
#ifndef PROTO_LEDGER_H
#define PROTO_LEDGER_H

#include "proto/authority.h"

enum {
    LEDGER_MALFORMED = 1,
};

// Ordered: the outcome of an occurrence is the highest of its runs and verdicts, `ok` the highest of all.
enum ledger_status {
    LEDGER_OPEN = 0,
    LEDGER_DENIED,
    LEDGER_BLOCKED,
    LEDGER_MISSED,
    LEDGER_SKIPPED,
    LEDGER_LOST,
    LEDGER_CANCELLED,
    LEDGER_TIMEOUT,
    LEDGER_FAILED,
    LEDGER_OK,
};
const char *ledger_status_text(enum ledger_status status); // "open" ... "ok"

struct ledger_epoch { // totally ordered: number, then node id
    uint64_t number;
    struct node_id node;
};
int ledger_epoch_compare(const struct ledger_epoch *a, const struct ledger_epoch *b);

struct ledger_occurrence {
    char job[NAME_JOB_ROOM]; // "namespace/name"
    uint64_t life;
    uint64_t schedule_version;
    uint16_t trigger;
    struct node_id target; // zero: any node
    int64_t due_ms;        // nominal; 0 when `cause` stands in for it; both: an order ran it anew
    struct hash cause;     // zero, or the record id of the order or event
};

struct ledger_claim { // kind 40: attempt k of this occurrence goes to node X
    struct ledger_occurrence occurrence;
    struct run_id run; // of the first due time
    struct node_id executor;
    uint64_t executor_generation;
    uint32_t attempt; // 1..LIMIT_ATTEMPT_MAX
    struct ledger_epoch epoch;
    struct ledger_epoch follows; // zero: none
    struct hash definition;
    uint32_t count; // due times covered, step_ms apart; 1..LIMIT_CLAIM_COUNT_MAX
    uint64_t step_ms;
    int64_t at_ms;
};

struct ledger_result { // kind 42: how a run ended; signer is the executor
    struct ledger_occurrence occurrence;
    struct run_id run;
    uint32_t attempt;
    enum ledger_status status; // not LEDGER_OPEN
    const char *reason;        // "" when there is nothing to say
    int64_t started_ms;        // 0: never started
    int64_t ended_ms;
    int32_t exit_code; // -1: none
    int32_t signal;    // 0: none
    uint64_t output_bytes;
    struct hash log; // of the last segment; zero: no output
    uint32_t count;  // as in a claim; >1: a range of uneventful ends, `ok`, exit 0, no output
    uint64_t step_ms;
    const uint32_t *late_ms; // of a range: count - 1, of the second due time and on; NULL: no range
    const uint32_t *took_ms; // likewise
    uint64_t generation;
    struct hash definition;
};
// When the run of the index-th due time of the result was due, started and ended.
int64_t ledger_result_due_ms(const struct ledger_result *result, uint32_t index);
int64_t ledger_result_started_ms(const struct ledger_result *result, uint32_t index);
int64_t ledger_result_ended_ms(const struct ledger_result *result, uint32_t index);

struct ledger_verdict { // kind 43: a status without a run, for one due time or a stretch of them
    struct ledger_occurrence occurrence; // due_ms: the first
    int64_t last_due_ms;
    uint64_t count;            // at least 1; 1 exactly when last_due_ms is due_ms
    enum ledger_status status; // LEDGER_DENIED..LEDGER_CANCELLED: the others need a run
    const char *reason;
    int64_t at_ms;
};

struct ledger_cursor { // kind 44: up to which due time a trigger is decided
    char job[NAME_JOB_ROOM];
    uint64_t life;
    uint64_t schedule_version;
    uint16_t trigger;
    struct node_id target;
    int64_t decided_ms;
    struct ledger_epoch epoch;
};

struct ledger_segment { // kind 45: a stretch of output, chained by hash
    struct run_id run;
    uint32_t index;
    struct hash previous;
    struct hash hash; // of previous, run, index, offset, stream, at and data; checked by the decoder
    uint64_t offset;  // in the run's whole output, dropped bytes counted
    uint8_t stream;   // 1 stdout, 2 stderr, 0 a note of ours (the middle was dropped)
    int64_t at_ms;
    struct bytes data;
};

// Decoders write *ret_items (in the arena) and *ret_count (1..LIMIT_LEDGER_ITEM_COUNT_MAX).
int ledger_claims_decode(struct bytes body, struct arena *arena, struct ledger_claim **ret_items,
                         size_t *ret_count) WARN_UNUSED;
void ledger_claims_encode(const struct ledger_claim *items, size_t count, struct buffer *out);
int ledger_results_decode(struct bytes body, struct arena *arena, struct ledger_result **ret_items,
                          size_t *ret_count) WARN_UNUSED;
void ledger_results_encode(const struct ledger_result *items, size_t count, struct buffer *out);
int ledger_verdicts_decode(struct bytes body, struct arena *arena, struct ledger_verdict **ret_items,
                           size_t *ret_count) WARN_UNUSED;
void ledger_verdicts_encode(const struct ledger_verdict *items, size_t count, struct buffer *out);
int ledger_cursors_decode(struct bytes body, struct arena *arena, struct ledger_cursor **ret_items,
                          size_t *ret_count) WARN_UNUSED;
void ledger_cursors_encode(const struct ledger_cursor *items, size_t count, struct buffer *out);
int ledger_segments_decode(struct bytes body, struct arena *arena, struct ledger_segment **ret_items,
                           size_t *ret_count) WARN_UNUSED;
void ledger_segments_encode(const struct ledger_segment *items, size_t count, struct buffer *out);

struct hash ledger_segment_hash(const struct ledger_segment *segment);

#endif
