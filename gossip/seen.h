// seen.h - which pieces of news came by just now, so that each is looked at once, not once per teller.
//
// A small table of hashes; what falls out of it is merely looked at again. An entry holds for a few
// seconds only: whoever could not use a piece of news then gets it again from a later teller.
#ifndef GOSSIP_SEEN_H
#define GOSSIP_SEEN_H

#include "proto/bytes.h"

enum { SEEN_SLOT_COUNT = 1024, SEEN_MS = 5000 };

struct seen {
    struct {
        uint64_t hash;
        uint64_t until_ms;
    } slots[SEEN_SLOT_COUNT];
};

// True when the same class and data were passed within the last SEEN_MS; else notes them.
bool seen_before(struct seen *seen, uint8_t class, struct bytes data, uint64_t now_ms);

#endif
