// evidence.h - all that the runner believes, and why: every record verified by itself and kept in DIR/runner.
//
// pin         which fleet and node this is; written by init or join
// authority   genesis and the authority log (crdt/authority_log.h), each entry checked by the runner
// node        the records that prove this node's labels and name. Once they are there only an
//             operator's node record changes them: a network process in wrong hands signs with the
//             node's key, so what the node's key signs can give it no labels
// others      the records that prove other nodes, whose word about ends of jobs is shown (evidence_show.c)
// floors      what is in force of each job (floors.h)
// Definitions, orders, events and others are kept in memory only and asked for again (NEED).
//
// The network process feeds records at any time; each is judged like everywhere else
// (crdt/permission.h), then raises something or changes nothing.
#ifndef NODE_IO_RUNNER_EVIDENCE_H
#define NODE_IO_RUNNER_EVIDENCE_H

#include "crdt/directory.h"
#include "crdt/permission.h"
#include "node/io/runner/definition_cache.h"
#include "node/io/runner/events.h"
#include "node/io/runner/floors.h"
#include "node/io/runner/orders.h"
#include "node/io/runner/pin.h"
#include "node/io/runner/reason.h"
#include "node/io/runner/shown.h"
#include "proto/frame.h"

struct evidence {
    struct pin pin;
    struct node_id self;
    struct authority_log authority;
    struct applog authority_file;
    struct directory directory;
    struct applog node_file;
    struct floors floors;
    struct definition_cache definitions;
    struct orders orders;
    struct directory others; // nodes that signed what was shown; in memory, and nothing of them is ours
    struct shown shown;
    struct events events;
};

// What became of a record: a FLOOR frame.
struct evidence_answer {
    struct hash record; // zero when its signer is unknown, so that it has no id here
    bool ok;            // false: refused
    struct reason reason;
};

// For init and join: writes pin, authority and node into a DIR/runner without a pin, durably. The records are
// envelopes the caller has verified: genesis, the authority log in order, and what proves this node
// (its node record, or invite and admission and the same of its inviters). 0 or -errno.
struct evidence_first {
    struct pin pin;
    struct bytes genesis;
    const struct bytes *authority;
    size_t authority_count;
    const struct bytes *node;
    size_t node_count;
};
int evidence_create(int runner_directory, const struct evidence_first *first) WARN_UNUSED;

// False: the reason says what is missing or damaged.
bool evidence_open(struct evidence *evidence, int runner_directory, struct reason *ret_reason) WARN_UNUSED;
void evidence_close(struct evidence *evidence); // safe after a failed open
// Bytes that were lost to damage or a torn write when the files were opened.
uint64_t evidence_lost_bytes(const struct evidence *evidence);

// 0, or -errno when it could not be written; then `ret_answer` says so too.
int evidence_feed(struct evidence *evidence, struct bytes envelope, struct evidence_answer *ret_answer);
// A SHOW: an end of another job.
void evidence_show(struct evidence *evidence, const struct frame *frame, struct evidence_answer *ret_answer);
// A node of the fleet that is not revoked; NULL: nothing here proves it is one.
const struct directory_node *evidence_find_node(const struct evidence *evidence, const struct node_id *id);
bool evidence_is_unsynced(const struct evidence *evidence);
// Makes all that was fed durable. 0 or -errno.
int evidence_sync(struct evidence *evidence) WARN_UNUSED;

// Any node whose records were shown; NULL: none.
const struct directory_node *evidence_node(const struct evidence *evidence, const struct node_id *id);
// This node as its records describe it; NULL: nothing proves it yet, so it matches no job.
const struct directory_node *evidence_self(const struct evidence *evidence);

#endif
