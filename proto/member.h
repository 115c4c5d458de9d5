// member.h - what a node signs about itself and whom it suspects (kinds 30, 31, 32).
//
// Decoded like everything in proto/authority.h; each decoder returns 0 or MEMBER_MALFORMED.
#ifndef PROTO_MEMBER_H
#define PROTO_MEMBER_H

#include "proto/address.h"
#include "proto/authority.h"

enum {
    MEMBER_MALFORMED = 1,
};

enum { MEMBER_ZONE_DATA_ROOM = 16 };

enum member_confined { MEMBER_CONFINED_NO, MEMBER_CONFINED_PARTLY, MEMBER_CONFINED_FULL };

struct member_alive {
    uint64_t generation;  // boots of the network process, persisted
    uint8_t instance[16]; // drawn at each start: two of one generation prove a cloned disk
    uint64_t incarnation;
    const struct address *addresses;
    size_t address_count;       // 1..LIMIT_ADDRESS_COUNT_MAX, each unicast with a port
    uint32_t probe_interval_ms; // LIMIT_PROBE_INTERVAL_MS_MIN..MAX
    uint32_t slots;             // <= LIMIT_RUNNING_COUNT_MAX
    bool takes_work;
    bool clock_trusted;
    uint32_t clock_error_ms; // how wrong it may be; 0: nobody can tell
    uint64_t authority_number;
    struct hash authority_head;
    enum member_confined confined;
    char version[NAME_ROOM];
    char zone_data[MEMBER_ZONE_DATA_ROOM]; // version of the time zone data, as "2026a"; "": not known
};

struct member_leave {
    uint64_t generation;
    uint64_t incarnation;
};

struct member_suspicion {
    struct node_id target;
    uint64_t generation;
    uint64_t incarnation;
    uint32_t reason;
};

int member_alive_decode(struct bytes body, struct arena *arena, struct member_alive *ret) WARN_UNUSED;
void member_alive_encode(const struct member_alive *alive, struct buffer *out);
int member_leave_decode(struct bytes body, struct arena *arena, struct member_leave *ret) WARN_UNUSED;
void member_leave_encode(const struct member_leave *leave, struct buffer *out);
int member_suspicion_decode(struct bytes body, struct arena *arena, struct member_suspicion *ret) WARN_UNUSED;
void member_suspicion_encode(const struct member_suspicion *suspicion, struct buffer *out);

#endif
