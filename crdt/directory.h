// directory.h - who the nodes of the fleet are: keys, names, labels, weights, each proved by signed records.
//
// A node is a member because an operator's node record (13) names its key, or because an admission (11)
// does: signed by the node an operator's invite (10) named as its redeemer, one node per use. Labels come
// from the invite or the node record, never from the node. Its keys record (12), signed by itself, binds
// its datagram key and names the record it came in by; nobody else can bind a transport key to it.
//
// What is in force, of the records that hold under the present authority log:
//   a node record with the highest serial whose signer's scope covers the labels before and after it,
//   else the admission its keys record names, else the admission with the lowest record id
//   of two admissions for one use of an invite, the one with the lower record id
//   of two keys records, the one with the higher serial, then the higher record id
// So equal sets of records give equal directories. A revoked node is listed and marked: nobody talks to it,
// but those it admitted before its revocation stay; of a revoked operator's invites likewise, and its node
// records stay when signed under an authority number before the revocation.
//
// Records that need another first (an admission its invite, keys their admission) are refused with an
// outcome that says so; directory_live() lists them in an order that nearly always fits, and who adds many
// tries the refused ones again when others have gone in.
// The directory owns copies; pointers to nodes and records stay valid until its next change.
#ifndef CRDT_DIRECTORY_H
#define CRDT_DIRECTORY_H

#include "crdt/directory_node.h"
#include "crdt/fingerprint.h"
#include "crdt/reconcile.h"
#include "crdt/record_queue.h"

struct directory {
    struct tree nodes;   // struct directory_node, by node id
    struct tree records; // struct directory_record, by record id: those that hold
    struct tree aside;   // those that held once
    struct tree uses;    // admissions that hold, by invite and use
    struct fingerprint live;
    uint64_t generation; // rises with every change of a node
    struct record_queue dropped;
    struct reconcile_item *listed; // directory_live, when it was last asked for
    uint64_t listed_generation;
};

enum {
    DIRECTORY_KNOWN = 1,
    DIRECTORY_OUTDATED,          // a higher serial is here; not kept
    DIRECTORY_SIGNER_UNKNOWN,    // no such operator: ask the sender for its authority log, then again
    DIRECTORY_LOG_BEHIND,        // signed under a newer authority log than ours; the same remedy
    DIRECTORY_NODE_UNKNOWN,      // the node that signed it is not here yet
    DIRECTORY_INVITE_UNKNOWN,    // the admission's invite is not here, or holds no longer
    DIRECTORY_ADMISSION_UNKNOWN, // the keys' admission or node record is not here, or holds no longer
    DIRECTORY_OUT_OF_SCOPE,      // the operator may not invite, or not with these labels
    DIRECTORY_VOID,              // after the signer's, or the inviting operator's, revocation
    DIRECTORY_FORGED,
    DIRECTORY_MALFORMED,
    DIRECTORY_WRONG_KIND,
    DIRECTORY_NOT_REDEEMER, // an admission by somebody its invite does not name
    DIRECTORY_NO_SUCH_USE,  // use number beyond the invite's
    DIRECTORY_USE_TAKEN,    // that use admitted another node
    DIRECTORY_TOO_LATE,     // admitted after the invite or its operator's term ended
    DIRECTORY_NAME_REFUSED, // the invite does not allow this name
    DIRECTORY_NOT_YOURS,    // keys that name the admission of another node
    DIRECTORY_FULL,
};

void directory_init(struct directory *directory);
void directory_deinit(struct directory *directory); // safe on a zeroed one

// Verifies everything and adds. On 0 keep the bytes and tell them on.
int directory_add(struct directory *directory, const struct authority_log *log,
                  struct bytes envelope) WARN_UNUSED;
// From this node's own disk: signatures were checked before it was stored and are not checked again.
int directory_restore(struct directory *directory, const struct authority_log *log,
                      struct bytes envelope) WARN_UNUSED;
// Many of them in any order, cheapest in that of storing. Returns how many hold.
size_t directory_restore_all(struct directory *directory, const struct authority_log *log,
                             const struct bytes *envelopes, size_t count);
// The authority log changed: judge every record anew. What no longer holds is kept aside.
void directory_recheck(struct directory *directory, const struct authority_log *log);

const struct directory_node *directory_find(const struct directory *directory, const struct node_id *id);
// Walk in node id order; NULL first.
const struct directory_node *directory_next(const struct directory *directory,
                                            const struct directory_node *last);
const struct directory_record *directory_find_record(const struct directory *directory,
                                                     const struct record_id *id);
// Records that are no longer kept: delete them from disk. False: no more.
bool directory_take_dropped(struct directory *directory, struct record_id *ret_id) WARN_UNUSED;

// All that somebody who knows the authority log needs to accept this node: invites, admissions, node
// records and keys, its inviters' first. Appends to `queue`; an id may come twice.
void directory_prove(const struct directory *directory, const struct node_id *id, struct record_queue *queue);

struct hash directory_fingerprint(const struct directory *directory);
struct reconcile_view directory_live(struct directory *directory); // valid until the directory changes

const char *directory_outcome_text(int outcome);

#endif
