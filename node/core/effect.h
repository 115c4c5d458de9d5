// effect.h - all that a node can do to the world.
//
// core_next_effect hands them out in order, one at a time; what an effect points to belongs to the
// core and is valid until the next call of core_next_effect or core_step. Performing never calls
// back into the core: what comes of it arrives as an event.
#ifndef NODE_CORE_EFFECT_H
#define NODE_CORE_EFFECT_H

#include "node/core/event.h"

enum effect_kind {
    EFFECT_STORE, // write; EVENT_STORED tells when it is durable. Writes are performed in order
    EFFECT_QUERY, // read; EVENT_ROW... EVENT_ROWS_DONE
    EFFECT_FRAME, // say something to the runner
    EFFECT_REPLY, // answer a control client
    EFFECT_DATAGRAM,
    EFFECT_STREAM_OPEN,
    EFFECT_STREAM_SEND,
    EFFECT_STREAM_CLOSE, // after what was sent has gone out
    EFFECT_NOTICE,       // one line for the log of the machine
    EFFECT_EXIT,         // stop this node: it has left
};

enum effect_write_kind {
    EFFECT_WRITE_RECORD,      // envelope (kinds 01-23), by its id
    EFFECT_WRITE_RECORD_DROP, // by id
    EFFECT_WRITE_LEDGER,      // envelope (kinds 40-44), by its id
    EFFECT_WRITE_SEGMENT,     // envelope (kind 45)
    EFFECT_WRITE_STORY,
    EFFECT_WRITE_META,   // empty value: forget the key
    EFFECT_WRITE_RETAIN, // drop ended history of a job: older than before_ms or beyond keep_runs
};

// When the disk is full a MAY write is refused at once; a MUST write takes the ballast's room, or waits.
enum effect_write_class { EFFECT_WRITE_MAY, EFFECT_WRITE_MUST };

struct effect_write {
    uint64_t ticket; // rising
    enum effect_write_kind kind;
    enum effect_write_class class;
    struct hash record;
    uint8_t record_kind; // enum envelope_kind
    struct node_id signer;
    struct bytes envelope;
    struct event_story story;
    const char *key; // META
    struct bytes value;
    const char *job; // RETAIN
    int64_t before_ms;
    uint32_t keep_runs;
};

enum effect_query_kind {
    EFFECT_QUERY_RUNS,     // claims, results and verdicts of the newest `limit` due times that match
    EFFECT_QUERY_RUN,      // the same, of the run whose id begins with run_prefix
    EFFECT_QUERY_DUE,      // the same, of the due times of `job` in [since_ms, until_ms]
    EFFECT_QUERY_SEGMENTS, // of `run`, from index `from` on, at most `limit`
    EFFECT_QUERY_STORY,    // of `job` (and of no job) in [since_ms, until_ms], oldest first
    EFFECT_QUERY_CAUSE,    // claims, results and verdicts whose occurrence names `cause`
    EFFECT_QUERY_JOBS,     // the next `limit` names after `job` that the ledger speaks of, in one row
    EFFECT_QUERY_IDS,      // of the newest ledger records about `job`, log segments too, in one row
    EFFECT_QUERY_RECORDS,  // those of the ledger records `ids` that are here, as they are named: one row each
};

struct effect_query {
    uint64_t query; // > 0, the caller's number
    enum effect_query_kind kind;
    const char *job;                      // "" any
    char run_prefix[2 * RUN_ID_SIZE + 1]; // lower-case hex
    struct run_id run;
    struct hash cause;
    struct bytes ids; // RECORDS: of HASH_SIZE bytes each
    uint32_t from;
    int64_t since_ms, until_ms; // 0: no bound
    uint32_t limit; // due times, segments, lines or names; IDS: items, and the whole of the last due time
    bool failed;    // only due times whose highest status is below `ok`, open ones excluded
};

enum effect_level { EFFECT_ERROR = 3, EFFECT_WARNING = 4, EFFECT_INFO = 6 }; // as in syslog

struct effect {
    enum effect_kind kind;
    union {
        struct effect_write write;
        struct effect_query query;
        struct frame frame; // sent_boottime_ns of a START is filled in by the core
        struct {
            uint64_t client;
            struct bytes message; // an encoded control_reply, without its length
            bool last;            // it ends the request
        } reply;
        struct {
            struct address to;
            struct bytes data;
        } datagram;
        struct {
            uint64_t stream; // OPEN: odd numbers, chosen by the core; accepted ones are even
            struct address to;
            struct bytes data;
        } stream;
        struct {
            enum effect_level level;
            const char *text;
        } notice;
    } is;
};

#endif
