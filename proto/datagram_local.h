// datagram_local.h - this node's side of its peers: the keys of each pair and the sessions they stand in.
//
// What the packets look like, and why sessions are settled the way they are, stands in proto/datagram.h.
// Peers are found by the index a packet carries, or by node id. A peer belongs to the caller and must not
// move in memory while it is added. About 400 bytes a peer.
#ifndef PROTO_DATAGRAM_LOCAL_H
#define PROTO_DATAGRAM_LOCAL_H

#include "proto/dh.h"
#include "proto/replay_window.h"

enum {
    DATAGRAM_SESSION_SIZE = 16,
    DATAGRAM_QUESTION_SIZE = 16,
    DATAGRAM_KEY_SIZE = 32,
};

struct datagram_session { // one life of one process
    uint8_t b[DATAGRAM_SESSION_SIZE];
};

struct datagram_question { // the random name of a question
    uint8_t b[DATAGRAM_QUESTION_SIZE];
};

enum datagram_state { DATAGRAM_STRANGER, DATAGRAM_GREETED, DATAGRAM_ESTABLISHED };
enum datagram_direction { DATAGRAM_SENDING, DATAGRAM_RECEIVING };

struct datagram_peer {
    struct node_id id;
    struct public_key key;
    uint32_t index; // ours for it: it stands on its packets to us
    enum datagram_state state;
    uint8_t secret[DATAGRAM_KEY_SIZE]; // of the pair
    uint64_t settled;                  // answers of ours with a number up to this open no other session
    bool asked;                        // `question` is open
    struct datagram_question question;
    // Of GREETED and ESTABLISHED:
    struct datagram_session session; // the peer's
    uint32_t remote_index;           // its for us
    uint64_t answer_number;          // its, repeated in first packets
    uint8_t send_key[DATAGRAM_KEY_SIZE];
    uint8_t receive_key[DATAGRAM_KEY_SIZE];
    struct replay_window window;
};

struct datagram_local {
    struct fleet_id fleet;
    struct node_id id;
    struct dh_secret secret;
    struct public_key key;
    struct datagram_session session;
    uint64_t sequence; // the last number used, by packets and answers alike
    uint32_t index_base;
    struct datagram_peer **by_index; // owned array of borrowed peers; NULL where one was removed
    size_t index_count, index_capacity;
    struct datagram_peer **by_id; // owned array, sorted
    size_t peer_count, peer_capacity;
};

struct datagram_local_options {
    struct fleet_id fleet;
    struct node_id id;
    struct dh_secret secret;
    struct datagram_session session; // random, for this process only
    uint32_t index_base;             // random: a stale index then mostly finds nobody
};

void datagram_local_init(struct datagram_local *local, const struct datagram_local_options *options);
void datagram_local_deinit(struct datagram_local *local); // erases keys; peers are the caller's
// A new session, after a suspend or whenever old packets must not count. All peers become strangers.
void datagram_local_renew(struct datagram_local *local, const struct datagram_session *session);

// Fills in `peer`, whatever it held. False, and nothing done, when the key is our own or of small order, or
// the id is ours or known already.
bool datagram_local_add(struct datagram_local *local, struct datagram_peer *peer, const struct node_id *id,
                        const struct public_key *key) WARN_UNUSED;
void datagram_local_remove(struct datagram_local *local, struct datagram_peer *peer); // erases its keys
struct datagram_peer *datagram_local_find(const struct datagram_local *local, const struct node_id *id);
struct datagram_peer *datagram_local_find_index(const struct datagram_local *local, uint32_t index);

// The key of one direction: of packets in the session `remote` of the peer, or of hellos when that is NULL.
void datagram_local_key(const struct datagram_local *local, const struct datagram_peer *peer,
                        const struct datagram_session *remote, enum datagram_direction direction,
                        uint8_t ret_key[DATAGRAM_KEY_SIZE]);

// Whether the peer is known to be in that session.
bool datagram_local_is_in(const struct datagram_peer *peer, const struct datagram_session *session);
// Makes `session` the peer's present one. Packet numbers up to `floor` count as used. Sets no state.
void datagram_local_settle(const struct datagram_local *local, struct datagram_peer *peer,
                           const struct datagram_session *session, uint64_t floor);

#endif
