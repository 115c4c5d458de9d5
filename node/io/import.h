// import.h - what `init` and `join` left for the network process: DIR/net/import, taken in once.
//
// The file is a parcel (proto/parcel.h) of signed records in any order. Genesis vouches for the roots, the
// authority log for operators, admissions and node records for nodes; every signature is verified, and
// a record whose signer nobody vouches for is left out.
// Records of kinds 01-23 go into the store, alive records (kind 30) become the members known at the
// first start. The file is removed when all of it is durable: a crash in between does it once more, and
// what is there already changes nothing.
#ifndef NODE_IO_IMPORT_H
#define NODE_IO_IMPORT_H

#include "node/io/store/store.h"

enum {
    IMPORT_SIZE_MAX = 64 * 1024 * 1024,
};

enum {
    IMPORT_DAMAGED = 1, // cut off, too large, or a signature that does not hold
    IMPORT_UNREADABLE,  // the system said no; errno says why
    IMPORT_NOT_STORED,  // the disk is full or fails
};

// `directory` is DIR/net. 0 also when there is nothing to import. The store must not be started yet.
int import_take(int directory, const struct fleet_id *fleet, struct store *store) WARN_UNUSED;
const char *import_outcome_text(int outcome);

// Where others were last reached: DIR/net/seeds, a numeric address a line. At most `room`; returns how many.
size_t import_seeds(int directory, struct address *ret_seeds, size_t room);

#endif
