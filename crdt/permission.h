// permission.h - may this signer say this? The one answer that table, directory and runner share.
//
// A record tells at which authority number its author signed it (`authority_number`). What the author
// was allowed is judged at that number, so a record is accepted or not whatever arrived first; a number
// this log has not reached asks for the log. What may still run is judged at the present head: a
// revoked signer, or one whose scope no longer covers the record, keeps its place in the table and runs
// nothing. A record stamped after its signer's revocation is void. No clock is read: stamps are compared
// with stamps. (A number can be backdated by a signer whose scope was narrowed; against a signer who
// lies there is revocation.)
#ifndef CRDT_PERMISSION_H
#define CRDT_PERMISSION_H

#include "crdt/authority_log.h"

enum permission {
    PERMISSION_GRANTED = 0,
    // Accepted, but without the power to run anything:
    PERMISSION_REVOKED,  // the signer was revoked later
    PERMISSION_NARROWED, // the signer's present scope or term no longer covers it
    // Not accepted:
    PERMISSION_VOID,         // stamped after the signer's revocation
    PERMISSION_OUT_OF_SCOPE, // never covered
    PERMISSION_UNKNOWN,      // no operator of this log: perhaps the sender has a newer one
    PERMISSION_BEHIND,       // signed at an authority number this log has not reached
};

struct permission_request {
    const char *action;
    const char *namespace_name;  // NULL: none concerned
    const char *user;            // NULL: none concerned
    const struct labels *labels; // of the node that is invited or relabelled; NULL: none concerned
    uint64_t stamp;              // 0: the record has none, only its number counts
    uint64_t authority_number;
};

enum permission permission_judge(const struct authority_log *log, const struct node_id *signer,
                                 const struct permission_request *request);

// Whether the signer's scope reaches a node with these labels, now as at the number it signed under: where
// its definitions may run.
bool permission_has_node(const struct authority_log *log, const struct node_id *signer,
                         uint64_t authority_number, const struct labels *labels);

// Granted, revoked or narrowed.
bool permission_is_accepted(enum permission permission);
// "signer revoked": for `denied: ...` and for refusals.
const char *permission_text(enum permission permission);

#endif
