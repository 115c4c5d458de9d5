// frame.h - what the runner and the network process say to each other, one frame per message.
//
// Over a SOCK_SEQPACKET pair; fixed layout, little endian, no protobuf: the runner parses nothing
// that could be clever. A START names a signed definition and a due time; there is no command, user,
// path or environment in it, so the network process cannot make the runner run anything else.
// Decoding checks sizes and ranges and nothing else; a malformed frame is FRAME_MALFORMED.
//
// Conversation: the runner speaks first (HELLO, then RUNNING for each run it still holds, ENDED for
// each end not acknowledged). Then both send HEARTBEAT each second. A run is STARTED once, or ENDED
// without STARTED when its command could not be executed, or when it was lost with an earlier runner.
// What a run says stays in its pipes until it is on disk: the network process looks without taking out, says
// KEPT, and looks again after TAKEN only, so both count alike and a new network process finds the rest.
// After a gap of its own the runner's HEARTBEAT says ok = false and every START is DENIED by rule 0
// until a RESUME that was sent after the gap.
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "proto/ids.h"
#include "proto/ledger.h"
#include "proto/limits.h"
#include "proto/member.h"

enum {
    FRAME_MALFORMED = 1,
};

enum frame_kind {
    // runner -> network process
    FRAME_HELLO = 1,
    FRAME_ZONE,    // answer to ZONE_WANT, and again whenever the file changes
    FRAME_FLOOR,   // what became of a RECORD
    FRAME_NEED,    // send me this record
    FRAME_STARTED, // + descriptors: stdout, stderr (read ends)
    FRAME_DENIED,
    FRAME_ENDED,    // repeated until ENDED_ACK
    FRAME_HAPPENED, // something a trigger waits for: `start` names the definition, the trigger and the token
    FRAME_WATCH,    // what the trigger in `start` watches cannot be looked at: why not; "": it can
    FRAME_RUNNING,  // after a restart of the network process, for each live run; + descriptors
    FRAME_TAKEN,    // answer to KEPT
    // network process -> runner
    FRAME_RECORD,
    FRAME_SHOW, // an end of another job: why something comes after it; it has to be believed
    FRAME_START,
    FRAME_SIGNAL,
    FRAME_ENDED_ACK,
    FRAME_KEPT, // output up to here is on disk: take it out of the pipes
    FRAME_ZONE_WANT,
    FRAME_RESUME, // I have taken my jobs anew after a gap: accept starts again
    // both ways, each second; the runner's also at once when `ok` changes
    FRAME_HEARTBEAT,
    FRAME_KIND_COUNT,
};

enum frame_cause {
    FRAME_SCHEDULED = 1,
    FRAME_QUEUED, // due earlier, waited for a slot or a busy job
    FRAME_ORDERED,
    FRAME_EVENT,
    FRAME_UPSTREAM,
    FRAME_CATCH_UP,
    FRAME_RETRY,
    FRAME_BOOT,
    FRAME_MEMBER,
    FRAME_FILE,
    FRAME_BACKFILL, // a past due time, by an order
    FRAME_CAUSE_COUNT,
};

// A change of who is in the fleet, as the owner of the job saw it.
struct frame_member {
    uint8_t change; // enum definition_member_change; 0: none
    struct node_id node;
    uint64_t generation, incarnation;
};

enum {
    FRAME_TRIGGER_ORDER = 0xffff, // OCCURRENCE_ORDER: no trigger of the definition, an order
};

// The name under which ZONE_WANT asks for the beginning of tzdata.zi, which tells the version.
#define FRAME_ZONE_VERSION "+VERSION"

struct frame_start {
    struct hash definition; // record id
    uint16_t trigger;       // index in the definition, or FRAME_TRIGGER_ORDER
    bool targeted;          // the occurrence's target is this node; else any node
    int64_t due_ms;         // nominal; 0 for an order
    enum frame_cause cause;
    struct hash cause_record;   // of the order or event, or the hash of what happened; zero else
    struct frame_member member; // of a change of members: what cause_record is the hash of
    uint16_t attempt;           // 1, 2, ...
    uint64_t generation;
    uint64_t sent_boottime_ns; // clock_boottime_ns() when sent
    // Of START alone: the clock of this machine is wrong by this, as far as the network process can tell.
    int64_t clock_offset_ms; // the true time minus what it shows; 0: it is right
};

enum frame_signal {
    FRAME_TERM = 1, // TERM, and KILL after the definition's grace
    FRAME_KILL,
    FRAME_STOP,
    FRAME_CONTINUE,
};

enum {
    FRAME_REASON_ROOM = 160,
    FRAME_NAME_ROOM = 2 * NAME_ROOM,
};

struct frame {
    enum frame_kind kind;
    struct run_id run; // STARTED DENIED ENDED RUNNING TAKEN SIGNAL ENDED_ACK KEPT; DENIED: zero where none
                       // could be computed
    struct frame_start start;       // START; echoed in STARTED DENIED ENDED RUNNING
    struct hash record;             // FLOOR NEED; SHOW: the cause it belongs to
    uint8_t place;                  // SHOW: which of several ends, as the trigger names their jobs
    uint16_t index;                 // SHOW: of the item in the record
    bool ok;                        // FLOOR: accepted; HEARTBEAT of the runner: starts are accepted
    uint8_t rule;                   // DENIED: number of the check (RECORDS: 1-8), 0 stale or shutting down
    char reason[FRAME_REASON_ROOM]; // FLOOR DENIED ENDED WATCH; "" none
    int32_t pid;                    // STARTED RUNNING
    int64_t started_ms;             // wall; STARTED RUNNING ENDED
    uint64_t taken[2];              // RUNNING TAKEN KEPT: bytes out of stdout and stderr since the start
    int64_t ended_ms;               // ENDED
    enum ledger_status status;      // ENDED: ok failed timeout cancelled lost
    int32_t exit_code;              // ENDED: -1 none
    int32_t signal;                 // ENDED: what ended it; 0 none
    uint64_t user_ms, system_ms, memory_bytes; // ENDED
    enum frame_signal action;                  // SIGNAL
    char name[FRAME_NAME_ROOM];                // ZONE ZONE_WANT: zone; HELLO: build
    uint8_t boot[16];                          // HELLO
    uint64_t boottime_ns;                      // RESUME: clock_boottime_ns() when sent
    enum member_confined
        confined; // HELLO: the most the network process can claim (partly: it shares the runner's uid)
    bool is_root; // HELLO: the runner can switch users
    struct bytes
        data; // RECORD SHOW: envelope; ZONE: the file, empty when there is none. A view into the frame
};

int frame_decode(struct bytes input, struct frame *ret_frame) WARN_UNUSED;
void frame_encode(const struct frame *frame, struct buffer *out);

#endif
