// rumor.h - what to retell, how often, and what goes first when a packet is too small for all of it.
//
// A rumour is opaque bytes with a class and a key; a newer one with the same class and key replaces the
// older. Each is sent a number of times that grows with the logarithm of the fleet (enough to reach
// everybody with high probability: Demers et al. 1987, Karp et al. 2000) and then forgotten; what got
// lost nevertheless is found by comparing fingerprints.
// Within a packet: accusations and departures before claims of life, membership before the caller's
// news, the least often sent first and of these the newest. But while news waits, membership gets half
// of the packet only, or a fleet in turmoil would never hear of its jobs (memberlist issue 299).
#ifndef GOSSIP_RUMOR_H
#define GOSSIP_RUMOR_H

#include "proto/packet.h"

// Classes up to RUMOR_NEWS are the membership's own; the caller numbers its own from RUMOR_NEWS on.
enum rumor_class { RUMOR_ALIVE = 1, RUMOR_LEAVE, RUMOR_SUSPICION, RUMOR_NEWS = 16 };

enum {
    RUMOR_TOO_LARGE = 1, // over RUMOR_SIZE_MAX: announce it by id instead
    RUMOR_KNOWN,         // the same bytes are being retold already
};

enum {
    RUMOR_SIZE_MAX = PACKET_ITEM_SIZE_MAX - 1, // a claim of life gets one byte in front
    RUMOR_COUNT_MAX = 8192,                    // beyond, the most often sent makes room
    RUMOR_SENDS_MAX = 32,
    RUMOR_AGE_MS_MAX = 10000, // told by then, or there was nobody to tell
};

struct rumor {
    uint8_t class;
    bool urgent;
    struct hash key;
    struct node_id source; // who told us; zero: we ourselves
    struct buffer data;    // owned
    uint64_t added_ms;
    unsigned sends;
    uint64_t serial;             // rises with each rumour
    uint64_t pick;               // the last time it was picked
    struct rumor *newer, *older; // in the list of those sent equally often
};

enum rumor_group { RUMOR_GROUP_URGENT, RUMOR_GROUP_ALIVE, RUMOR_GROUP_NEWS, RUMOR_GROUP_COUNT };

struct rumors {
    struct rumor **index; // owned, by class and key
    size_t count;
    size_t capacity;
    size_t group_count[RUMOR_GROUP_COUNT];
    struct rumor *newest[RUMOR_GROUP_COUNT][RUMOR_SENDS_MAX + 1];
    size_t unsent_urgent_count; // urgent ones never sent
    uint64_t serial;
    uint64_t urgent_serial; // rises with each urgent one
    uint64_t picks;         // members told
};

struct rumor_words {
    uint8_t class;
    bool urgent;
    struct hash key;
    struct node_id source;
    struct bytes data; // copied
    uint64_t now_ms;
};

void rumor_deinit(struct rumors *rumors);
// 0, RUMOR_TOO_LARGE or RUMOR_KNOWN. What replaces an older one starts again from no sends.
int rumor_add(struct rumors *rumors, const struct rumor_words *words);
void rumor_remove(struct rumors *rumors, uint8_t class, const struct hash *key);
// Accusations of `target`, which a newer claim of its own has made void.
void rumor_remove_suspicions(struct rumors *rumors, const struct node_id *target);
void rumor_expire(struct rumors *rumors, uint64_t now_ms);
struct rumor *rumor_find(const struct rumors *rumors, uint8_t class, const struct hash *key);
// Keys of the membership's own rumours: of claims the member, of suspicions target and accuser.
struct hash rumor_key(const struct node_id *about, const struct node_id *by);

// After so many sends a rumour is dropped: 4 * log10 of the fleet, rounded up. Not less than 8, as a member
// is missed with a probability of e^-sends, and not more than three for each member there is to tell.
unsigned rumor_sends_needed(size_t live_count);

struct rumor_plan {
    struct node_id to; // gets nothing it told us itself, and no claim about itself
    size_t room_bytes; // for items with their overhead
    unsigned sends_needed;
    bool is_continued; // another packet to the same member at the same time: nothing twice
};

// Chooses what to send and counts it as sent; calls `put` for each. Returns how many were chosen.
typedef void rumor_put(void *context, const struct rumor *rumor);
size_t rumor_pick(struct rumors *rumors, const struct rumor_plan *plan, rumor_put *put, void *context);

#endif
