// event.h - all that the world can tell a node.
//
// With effect.h this is the architecture: the core is a state machine that eats events and leaves
// effects; the shell (node/io/daemon.c) and the simulator (tests/sim) are the only two worlds it lives
// in. Every event carries the time; the core reads no clock. Pointers and views are valid during the
// call of core_step only.
#ifndef NODE_CORE_EVENT_H
#define NODE_CORE_EVENT_H

#include "proto/control.h"
#include "proto/frame.h"
#include "proto/ledger.h"
#include "proto/member.h"

enum event_kind {
    EVENT_BOOT,            // once, first: who this node is
    EVENT_ROW,             // something stored: while loading (query 0), or an answer to EFFECT_QUERY
    EVENT_ROWS_DONE,       // no more rows for this query; for query 0: loading is over
    EVENT_DEADLINE,        // the time core_deadline asked for has come (or anything like it)
    EVENT_STORED,          // every write up to this ticket is settled
    EVENT_STORAGE,         // the state of the disk changed
    EVENT_FRAME,           // the runner said something
    EVENT_OUTPUT,          // a job said something
    EVENT_CLOCK,           // what the kernel says of the wall clock, now and then
    EVENT_CONTROL,         // a request on the control socket
    EVENT_CONTROL_GONE,    // the client closed: stop answering
    EVENT_CONTROL_DRAINED, // it has taken all that was said to it, of a long answer that is not over
    EVENT_DATAGRAM,        // from another node, unopened
    EVENT_UNSENT,          // a datagram to there could not even leave this machine
    EVENT_STREAM_OPENED,   // a connection: accepted, or EFFECT_STREAM_OPEN came through
    EVENT_STREAM_BYTES,
    EVENT_STREAM_CLOSED,
    EVENT_STOPPING, // the last event: what should be written must be now
};

// What the store keeps, one row each. `envelope` is the whole signed record.
enum event_row_kind {
    EVENT_ROW_RECORD, // kinds 01-23: envelope
    EVENT_ROW_CLAIM,
    EVENT_ROW_RESULT,
    EVENT_ROW_VERDICT,
    EVENT_ROW_CURSOR,
    EVENT_ROW_SEGMENT,
    EVENT_ROW_STORY,
    EVENT_ROW_META,
    EVENT_ROW_LIST, // names or ids, see EFFECT_QUERY_JOBS and EFFECT_QUERY_IDS
};

struct event_story {
    char job[NAME_JOB_ROOM]; // "" not about one job
    struct hash occurrence;  // zero: not about one due time
    uint64_t stamp;
    struct node_id node;
    const char *what;
};

struct event_row {
    enum event_row_kind kind;
    struct bytes envelope; // RECORD, CLAIM ... SEGMENT
    struct hash record;    // its id
    uint32_t index;        // of the item in the record
    struct node_id signer;
    union {
        struct ledger_claim claim;
        struct ledger_result result;
        struct ledger_verdict verdict;
        struct ledger_cursor cursor;
        struct ledger_segment segment;
        struct event_story story;
        struct {
            const char *key;
            struct bytes value;
        } meta;
        // Names, each with its zero, or ids of HASH_SIZE bytes. Those are in an order that equal sets share,
        // and in which claims come after what settles them, and cursors after what they cover.
        struct bytes list;
    } is;
};

enum event_storage { EVENT_STORAGE_OK, EVENT_STORAGE_FULL, EVENT_STORAGE_FAILED };

struct event_clock {
    bool is_synchronised; // a time source keeps it right
    uint32_t error_ms;    // then at most so wrong, by the kernel's own estimate
};

struct event_output {
    struct run_id run;
    uint8_t stream;    // 1 stdout, 2 stderr
    uint64_t position; // of the first byte in all the run said on this stream
    struct bytes data;
    bool end; // both streams are closed and all is said
};

struct event_boot {
    struct public_key node_key;
    struct secret_key node_secret;
    uint8_t datagram_secret[32]; // X25519
    struct fleet_id fleet;
    uint8_t seed[32];     // from the machine's entropy: everything random in the core comes from it
    uint8_t instance[16]; // drawn at this start
    uint64_t generation;  // counted up and stored before this event
    const struct address *addresses; // where this node is reached
    size_t address_count;
    enum member_confined confined;
    const char *confined_text; // what the kernel could not give; "" nothing
    const char *version;
    int64_t built_ms;            // wall time at which this program was made; 0: nobody knows
    const struct address *seeds; // where others were last reached
    size_t seed_count;
};

struct event {
    enum event_kind kind;
    uint64_t now_ms;      // monotonic, this machine's
    int64_t wall_ms;      // unix, may jump
    uint64_t boottime_ns; // monotonic, counts while suspended
    uint64_t gap_ms;      // how much longer than asked the loop was away: stopped or suspended
    union {
        struct event_boot boot;
        struct {
            uint64_t query;
            struct event_row row;
        } row;
        struct {
            uint64_t query;
            bool failed;
            bool more; // the limit cut the answer
        } rows_done;
        struct {
            uint64_t ticket;
            bool refused; // the disk is full: this write (of class MAY) was dropped
        } stored;
        enum event_storage storage;
        struct event_clock clock;
        struct frame frame;
        struct event_output output;
        struct {
            uint64_t client;
            struct control_request request;
        } control;
        struct {
            struct address from;
            struct bytes data;
        } datagram;
        struct address unsent;
        struct {
            uint64_t stream;
            struct address peer;
            bool accepted; // they opened it
            struct bytes data;
        } stream;
    } is;
};

#endif
