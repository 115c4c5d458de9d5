// member.h - what a node signs about itself and whom it suspects (kinds 30, 31, 32).
//
// Decoded like everything in proto/authority.h; each decoder returns 0 or MEMBER_MALFORMED.
#ifndef PROTO_MEMBER_H
#define PROTO_MEMBER_H

#include "proto/authority.h"

enum {
    MEMBER_MALFORMED = 1,
};

struct address { // numeric only
    uint8_t ip[16];  // IPv4 in the first four bytes
    uint8_t ip_size; // 4 or 16; 0: none
    uint16_t port;
};

enum member_confined { MEMBER_CONFINED_NO, MEMBER_CONFINED_PARTLY, MEMBER_CONFINED_FULL };

struct member_alive {
    uint64_t generation; // boots of the network process, persisted
    uint8_t instance[16]; // drawn at each start: two of one generation prove a cloned disk
    uint64_t incarnation;
    const struct address *addresses;
    size_t address_count; // 1..LIMIT_ADDRESS_COUNT_MAX
    uint32_t probe_interval_ms;
    uint32_t slots;
    bool takes_work;
    bool clock_trusted;
    uint64_t authority_number;
    struct hash authority_head;
    enum member_confined confined;
    char version[NAME_ROOM];
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

// "1.2.3.4:5289", "[::1]:5289". `out` has room for ADDRESS_TEXT_ROOM characters.
enum { ADDRESS_TEXT_ROOM = 64 };
void address_print(const struct address *address, char out[ADDRESS_TEXT_ROOM]);
// Numeric only; a missing port becomes `default_port`.
bool address_parse(const char *text, uint16_t default_port, struct address *ret) WARN_UNUSED;
bool address_equal(const struct address *a, const struct address *b);

#endif
