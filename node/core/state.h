// state.h - one node's whole state, shared by the rooms of the core and by nobody else.
//
// From a signed record to a started process: intake.c takes a record into the trust log, the directory
// or the table; jobs.c keeps a struct job for each name that lives here; schedule.c wakes a job when it
// is due, writes the claim ahead and starts the run; runs.c speaks with the runner; log.c keeps what
// the run says; book.c writes what became of it. reopen.c,
// stall.c and past.c see to due times nobody carries out. answer_*.c read all that for people.
#ifndef NODE_CORE_STATE_H
#define NODE_CORE_STATE_H

#include "crdt/authority_log.h"
#include "crdt/directory.h"
#include "crdt/stamp.h"
#include "crdt/table.h"
#include "node/core/answer.h"
#include "node/core/book.h"
#include "node/core/clock.h"
#include "node/core/comings.h"
#include "node/core/emissions.h"
#include "node/core/ends.h"
#include "node/core/happening.h"
#include "node/core/held.h"
#include "node/core/jobs.h"
#include "node/core/learn.h"
#include "node/core/log.h"
#include "node/core/net/ask.h"
#include "node/core/net/copies.h"
#include "node/core/net/door.h"
#include "node/core/net/fleet.h"
#include "node/core/net/inbox.h"
#include "node/core/net/keep.h"
#include "node/core/net/links.h"
#include "node/core/net/provisional.h"
#include "node/core/net/sync.h"
#include "node/core/net/take.h"
#include "node/core/outbox.h"
#include "node/core/owner.h"
#include "node/core/past.h"
#include "node/core/runs.h"
#include "node/core/zones.h"
#include "proto/envelope.h"

struct self {
    struct node_id id;
    struct envelope_signer signer;
    uint8_t datagram_secret[32];
    struct fleet_id fleet;
    uint8_t instance[16];
    uint64_t generation;
    uint64_t booted_ms; // monotonic
    struct address addresses[LIMIT_ADDRESS_COUNT_MAX];
    size_t address_count;
    enum member_confined confined;
    char confined_text[LIMIT_TEXT_SIZE_MAX];
    char version[NAME_ROOM];
    bool drained;
    bool runner_root; // the runner can switch users
};

struct core {
    struct outbox outbox;
    struct self self;
    bool is_booted, is_loaded;
    bool is_runner_ready; // it has told which runs live
    bool is_ready;        // loaded and runner ready: may own jobs
    enum event_storage storage;
    uint64_t settled_ticket; // every write up to here is settled

    // The time of the event being handled.
    uint64_t now_ms;
    int64_t wall_ms;
    uint64_t boottime_ns;

    struct random random; // all chance in the core comes from it
    struct stamp_clock stamps;
    struct clock clock;
    struct authority_log authority;
    struct directory directory;
    struct table table;

    struct zones zones;
    struct book book;
    struct held held;
    struct jobs jobs;
    struct past past;
    struct runs runs;
    struct happenings happenings;
    struct emissions emissions;
    struct comings comings;
    struct answers answers;
    struct ends ends;

    struct fleet fleet;
    struct links links;
    struct door door;
    struct sync sync;
    struct takes takes;
    struct keep keep;
    struct copies copies;
    struct provisional provisional;
    struct asks asks;

    struct frame *early; // owned: what the runner said about runs before the disk was read
    size_t early_count, early_capacity;
    uint64_t housekeeping_ms; // monotonic: when next
    size_t retain_at;         // the job whose history is trimmed next
    uint64_t rejected;        // records and packets refused since start
};

// What members.c knows for everybody.
bool core_takes_work(const struct core *core); // drained, a full or broken disk, or a lost runner: no
const char *core_node_name(const struct core *core, const struct node_id *id); // "" nobody, "?" unknown here
bool core_node_find(const struct core *core, const char *name, struct node_id *ret_id) WARN_UNUSED;
void core_member(const struct core *core, const struct directory_node *node,
                 struct control_member *ret_member, char address[ADDRESS_TEXT_ROOM]);
void core_count_members(const struct core *core, struct control_status *status);

#endif
