// control.h - the only API: requests of the command line, replies of the agent.
//
// Both travel over DIR/control (a Unix socket) as u32 length + message, at most
// LIMIT_CONTROL_FRAME_SIZE_MAX. A request is answered by a row of replies; the one with `last` set
// ends it and carries the exit status. The agent signs nothing for anyone: changes arrive as records
// that are already signed (CONTROL_PUT). Decoded into an arena like proto/authority.h. Times are unix
// milliseconds and 0 means none; texts that may be absent are "" and never NULL.
#ifndef PROTO_CONTROL_H
#define PROTO_CONTROL_H

#include "proto/authority.h"
#include "proto/ledger.h"
#include "proto/member.h"

enum {
    CONTROL_MALFORMED = 1,
    CONTROL_RECORD_COUNT_MAX = 256, // records in one put
    CONTROL_NAME_COUNT_MAX = 256,
};

enum control_request_kind {
    CONTROL_STATUS = 1,
    CONTROL_MEMBERS,
    CONTROL_AUTHORITY, // genesis and authority entries from from_number on, then node records: reply.record
    CONTROL_PUT,       // take these signed records: one reply.put each
    CONTROL_JOBS,      // reply.job each, by name
    CONTROL_JOB,       // one
    CONTROL_RUNS,
    CONTROL_LOGS, // of `run`, or of the last run of `job`
    CONTROL_WHY,
    CONTROL_OWNER,
    CONTROL_DRAIN,
    CONTROL_LEAVE,
    CONTROL_WAIT,        // until the run that order `run` (its record id) asked for has ended: reply.run
    CONTROL_CLOCK_TRUST, // a person vouches for this node's clock; undo: no longer
    CONTROL_EMIT, // an event `job`, signed by this node, until at_ms, with the data of records[0]: reply.put
};

struct control_request {
    enum control_request_kind kind;
    const char *job; // "namespace/name", or ""
    const char *run; // hexadecimal id or prefix, or ""
    const struct bytes *records;
    size_t record_count;
    int64_t since_ms;
    int64_t at_ms;
    uint32_t limit; // 0: the default
    bool failed, duplicates, follow, undo, now, erase, local;
    const char *const *names;
    size_t name_count;
    uint64_t from_number;
};

enum control_storage { CONTROL_STORAGE_OK, CONTROL_STORAGE_FULL, CONTROL_STORAGE_FAILED };
enum control_state { CONTROL_ALIVE, CONTROL_SUSPECT, CONTROL_DEAD, CONTROL_LEFT };

struct control_status {
    struct node_id node;
    const char *node_name;
    struct fleet_id fleet;
    const char *fleet_name;
    const char *version;
    uint64_t stamp;
    int64_t wall_ms;
    uint64_t authority_number;
    struct hash authority_head;
    uint32_t members_alive, members_suspect, members_dead;
    uint32_t jobs, jobs_paused, jobs_owned, running, queued;
    bool takes_work, drained, clock_trusted;
    bool isolated;            // no other node answers this one
    const char *clock_reason; // why it is not trusted
    uint32_t clock_error_ms;  // 0: nobody can tell
    uint32_t clock_peers;     // clocks it was compared with
    int64_t clock_offset_ms;  // from the middle of those
    enum member_confined confined;
    enum control_storage storage;
    uint64_t generation;
    uint64_t up_ms;
    const char *const *listen; // addresses
    size_t listen_count;
    const char *const *problems; // one sentence each: what needs a person
    size_t problem_count;
    struct hash table_digest;
    uint64_t repair_bytes; // table bytes sent by repair since start
    uint64_t rejected;     // records and packets refused since start
    uint32_t records;
};

struct control_member {
    struct node_id node;
    const char *name;
    enum control_state state;
    const char *address;
    struct labels labels;
    bool self, takes_work, clock_trusted, clock_known;
    bool isolated; // only of oneself
    int64_t clock_offset_ms;
    enum member_confined confined;
    const char *version;
    uint64_t generation;
    uint64_t silent_ms; // since it was last heard
};

struct control_job {
    const char *job;
    uint64_t life, version;
    bool paused, running;
    struct bytes definition; // envelope, whole: verify it before believing it
    const char *owner;       // a node name, "" unknown
    const char *const *keepers;
    size_t keeper_count;
    int64_t next_ms;
    int64_t last_due_ms;
    enum ledger_status last_status;
    const struct bytes *conflicts; // envelopes
    size_t conflict_count;
    const struct bytes *pauses; // envelopes
    size_t pause_count;
    const char *problem; // why it cannot run; "" nothing
};

struct control_run { // one row per due time (or a stretch of them), or per run
    const char *job;
    struct run_id run;
    bool has_run;
    int64_t due_ms;
    uint64_t jitter_ms;  // it is to start so much later than due; 0: on time, or nobody knows any more
    int64_t last_due_ms; // of a stretch
    uint64_t count;      // due times in it
    uint64_t step_ms;
    uint32_t attempt;
    const char *owner;
    const char *node;
    enum ledger_status status;
    const char *reason;
    int64_t claimed_ms, started_ms, ended_ms;
    int32_t exit_code, signal;
    uint32_t copies;
    bool is_duplicate;
    struct run_id duplicate_of;
    uint64_t output_bytes;
    uint16_t trigger;         // its index in the definition; 0xffff: an order
    const char *trigger_text; // in words; "": an order, or of a schedule that is over
    struct hash cause;
};

struct control_log {
    struct run_id run;
    uint64_t offset;
    uint8_t stream; // 1 stdout, 2 stderr, 0 a note of ours
    int64_t at_ms;
    struct bytes data;
};

struct control_story {
    int64_t at_ms;
    uint64_t stamp;
    const char *node;
    const char *what;
    const char *job;
};

struct control_why {
    const char *job;
    bool is_due; // false: not a due time; before_ms and after_ms are the nearest
    int64_t due_ms, before_ms, after_ms;
    enum ledger_status status;
    const char *reason;
    const char *owner;
    const char *node;
    struct run_id run;
    bool has_run;
    uint16_t trigger; // as in a run
    const char *trigger_text;
};

enum control_put_outcome {
    CONTROL_PUT_ADDED = 1, // durable here
    CONTROL_PUT_KNOWN,
    CONTROL_PUT_REFUSED, // text says why and what to do
};

struct control_put {
    struct hash record;
    enum control_put_outcome outcome;
    const char *text;
};

struct control_owner {
    const char *job;
    const char *owner;
    const char *const *keepers;
    size_t keeper_count;
};

enum control_reply_kind {
    CONTROL_REPLY_END = 1, // only `last`, exit_status, text
    CONTROL_REPLY_STATUS,
    CONTROL_REPLY_MEMBER,
    CONTROL_REPLY_RECORD,
    CONTROL_REPLY_PUT,
    CONTROL_REPLY_JOB,
    CONTROL_REPLY_RUN,
    CONTROL_REPLY_LOG,
    CONTROL_REPLY_WHY,
    CONTROL_REPLY_STORY,
    CONTROL_REPLY_OWNER,
};

struct control_reply {
    enum control_reply_kind kind;
    bool last;
    uint32_t exit_status; // as in node/cli/command.h
    const char *text;
    bool complete;
    const char *const *unreachable; // node names
    size_t unreachable_count;
    union { // by kind
        struct control_status status;
        struct control_member member;
        struct bytes record;
        struct control_put put;
        struct control_job job;
        struct control_run run;
        struct control_log log;
        struct control_why why;
        struct control_story story;
        struct control_owner owner;
    } is;
};

int control_request_decode(struct bytes message, struct arena *arena,
                           struct control_request *ret) WARN_UNUSED;
void control_request_encode(const struct control_request *request, struct buffer *out);
int control_reply_decode(struct bytes message, struct arena *arena, struct control_reply *ret) WARN_UNUSED;
void control_reply_encode(const struct control_reply *reply, struct buffer *out);

#endif
