// members.h - who belongs to the fleet, as far as this node knows, and in what state.
//
// Every node keeps every member: ids sorted, so that all iterate alike. A state is this node's own
// judgement; what a member says about itself is signed and comes in through gossip/claims.h. Two facts
// are kept apart from the state: `answered` (it acknowledged something of mine since I started or woke)
// and `heard` (that, or a member I heard vouches for a fresh ack). Nobody is accused who has not
// answered, and nobody is counted as owner or keeper who was not heard: a node that has just started
// knows only names.
//
//            accused (enough evidence may follow)          silent until the time is over
//   ALIVE ----------------------------------------> SUSPECT ---------------------------> DEAD
//     ^  \                                             |                                 ^ |
//     |   '--- never heard and three times silent -----|---------------------------------' |
//     '------- a newer claim of its own ---------------'                                   |
//     '------- a newer claim; or it answers and nobody had accused it ---------------------'
//   any ---- leaves, signed ----> LEFT ---- a newer claim of its own ----> ALIVE
//
// Dead and left members stay for 35 days, so that an old claim brings nobody back and a long split heals.
// Sources: Das et al., SWIM (DSN 2002); departures: death is each node's own deduction from signed
// accusations and time, nobody can announce it; identity is a key, an address is only where it was reached.
#ifndef GOSSIP_MEMBERS_H
#define GOSSIP_MEMBERS_H

#include "gossip/clock_offset.h"
#include "gossip/roundtrip.h"
#include "gossip/suspicion.h"
#include "gossip/timers.h"
#include "proto/member.h"
#include "proto/packet.h"

enum members_state { MEMBERS_ALIVE, MEMBERS_SUSPECT, MEMBERS_DEAD, MEMBERS_LEFT, MEMBERS_STATE_COUNT };

// Proof that a key exists twice. It stays until members_clear_alarm (an operator re-signed the node).
enum members_alarm {
    MEMBERS_NO_ALARM,
    MEMBERS_CLONED,   // two instances of one generation, or two bodies of one version
    MEMBERS_RESTORED, // it speaks with a generation lower than one it had
};

enum { MEMBERS_INTERVAL_MS_MAX = 60000 }; // who advertises more is treated as if it were this

struct members_accusation {
    struct node_id accuser;
    struct buffer envelope; // owned
};

struct members_node {
    struct node_id id;
    enum members_state state;
    enum members_alarm alarm;
    uint64_t state_ms; // since when it is in this state
    bool answered;
    bool heard;
    uint64_t heard_ms;       // time of the last ack, mine or vouched for; 0: never
    uint64_t heard_since_ms; // since when it is heard without a break: how long it has counted
    uint64_t unheard_ms;     // where it is not heard: since when
    uint32_t unanswered;     // probes in a row without an answer

    // From its newest signed claim.
    struct buffer record; // owned envelope, alive or leave; empty: known by name only
    uint64_t generation, incarnation;
    uint8_t instance[16];
    bool has_instance;
    struct address *addresses; // owned
    size_t address_count;
    uint32_t probe_interval_ms;
    uint32_t slots;
    bool takes_work;
    bool clock_trusted;
    uint32_t clock_error_ms; // 0: nobody can tell
    uint64_t authority_number;
    struct hash authority_head;
    enum member_confined confined;
    char version[NAME_ROOM];
    char zone_data[MEMBER_ZONE_DATA_ROOM]; // "": not known

    // Accusations of the present version, by distinct accusers.
    struct members_accusation accusations[SUSPICION_ACCUSER_COUNT_MAX];
    size_t accusation_count;

    // From talking to it.
    struct address reached; // where it last acknowledged something of mine; ip_size 0: nowhere
    struct roundtrip roundtrip;
    struct clock_offset clock;

    // Bookkeeping of gossip/.
    struct timers_entry timer;
    enum members_state timed; // in which state the timer was set
    uint64_t told_ms;         // when it last was sent a correction
    uint32_t attempts;        // pings that did not reach it, to go round its addresses
    bool accusing;            // a suspicion of it waits for its signature
    bool changed;             // is in the list of changes
    uint64_t print;           // what it adds to the fingerprint
};

struct members {
    struct node_id self;
    struct members_node **nodes; // owned, by id
    size_t count;
    size_t capacity;
    size_t in_state[MEMBERS_STATE_COUNT];
    uint64_t change_count;   // rises with every change that others may act upon
    struct node_id *changes; // owned
    size_t changes_count;
    size_t changes_capacity;
    uint64_t print;
    struct timers timers;
};

// The table starts with oneself: alive and heard.
void members_init(struct members *members, const struct node_id *self, uint64_t now_ms);
void members_deinit(struct members *members);

struct members_node *members_find(const struct members *members, const struct node_id *id);
// Adds a member known by name only, or finds it. NULL when LIMIT_MEMBER_COUNT_MAX are there.
struct members_node *members_add(struct members *members, const struct node_id *id, uint64_t now_ms);
void members_remove(struct members *members, struct members_node *node);
bool members_is_self(const struct members *members, const struct members_node *node);

// Alive or suspect, oneself included.
size_t members_live_count(const struct members *members);
bool members_is_live(const struct members_node *node);
// May own and keep: live and heard.
bool members_is_counted(const struct members_node *node);
// Alive and heard: whose word on others is worth something.
bool members_is_trusted(const struct members_node *node);

// Moves along the drawing above; the same state again is no move.
void members_move(struct members *members, struct members_node *node, enum members_state state,
                  uint64_t now_ms);
// An ack was given at_ms, to me (`direct`) or to somebody who was heard.
void members_hear(struct members *members, struct members_node *node, uint64_t at_ms, bool direct,
                  uint64_t now_ms);
// Forgets that it was heard: it restarted, or I slept.
void members_unhear(struct members *members, struct members_node *node, uint64_t now_ms);
void members_clear_alarm(struct members *members, struct members_node *node);
// To be called after anything a summary or an owner depends on changed: prints and lists it.
void members_touch(struct members *members, struct members_node *node);

// The next member that changed since it was last handed out; false when there is none.
bool members_next_change(struct members *members, struct node_id *ret_id);
// Over the live members with a record: id, generation, addresses and what bears on ownership. The
// incarnation is not in it, so a refutation that somebody missed causes no repair.
struct packet_fingerprint members_fingerprint(const struct members *members);

// The interval it advertises, as far as we go along with it.
uint64_t members_interval_ms(const struct members_node *node);
// Where to send: where it answered; before that, its addresses in turn. False: nowhere.
bool members_address(const struct members_node *node, struct address *ret_address);

#endif
