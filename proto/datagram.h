// datagram.h - packets between two nodes: sealed, each opened at most once, no clock and no disk needed.
//
// Every pair of nodes shares a secret, X25519 of their datagram keys. Each process draws a session id when it
// starts (and after a suspend); the key of one direction is
//   BLAKE2b-256(key = pair secret; "katydid/1 datagram\0" | fleet id | sender's key | receiver's key |
//               sender's session | receiver's session)
// so a packet opens only in the process it was sealed for, in its direction, in its fleet. What a process
// seals is numbered from one counter; the number is the nonce, and the receiver's window takes each once.
//
// A node learns the peer's session by a question and an answer (two packets, XChaCha20-Poly1305, random
// nonce, key = BLAKE2b-256(key = pair secret; "katydid/1 hello\0" | fleet id | sender's key | receiver's
// key)). Who answers keeps no state and sends no more than it got. The first packets after that carry the
// sender's session in clear, until one packet came back; opening the first of them makes the session at the
// other end.
//
// Layouts, little endian; what stands before the brackets is authenticated, what is in them encrypted:
//   sealed    1 | index 4 | sequence 8 | {payload} tag 16                                       29 + payload
//   question  2 | sender id 16 | nonce 24 | {suite 1, question 16, index 4, padding 12} tag 16  90
//   first     3 | sender id 16 | session 16 | sequence 8 | {answer number 8, index 4, payload} tag 16
//                                                                                               69 + payload
//   answer    4 | index 4 | nonce 24 | {suite 1, question 16, session 16, index 4, number 8} tag 16   90
// An index before the brackets is the receiver's, so that it finds the peer without trying keys; one inside
// is the sender's, to be used on packets to it. Suite 1 is this; others are for a handshake that forgets.
//
// Why old packets stay dead:
// - Receiver restarted: its session is new, nothing sealed before opens.
// - Sender restarted: sessions have no order of their own. So an answer carries a number from the answerer's
//   counter, a first packet repeats it, and a first packet of another session than the present one counts
//   only if its answer was given after the present session was settled. An answer counts only while its
//   question is open, and whatever settles a session closes the question.
// - Same two sessions, but the receiver forgot and relearnt the peer: a window begins at the packet or answer
//   that made the session, and answers given before do not count.
//
// States of a peer (what arrives):
//
//   STRANGER --answer--> GREETED --anything sealed for this session--> ESTABLISHED
//      |                    ^                                            ^    |
//      |                    '------------------answer--------------------|----'
//      '----------------------------first packet-------------------------'
//
// A STRANGER can be sent nothing but questions. GREETED and ESTABLISHED peers fall back to STRANGER only when
// our own session is renewed. A peer that restarted is not noticed here: who hears nothing asks again.
//
// Stated limit: no forward secrecy; whoever steals a datagram key can read recorded packets. All of weight
// inside is signed by its origin.
#ifndef PROTO_DATAGRAM_H
#define PROTO_DATAGRAM_H

#include "proto/datagram_local.h"
#include "proto/limits.h"

enum {
    DATAGRAM_NONCE_SIZE = 24,
    DATAGRAM_TAG_SIZE = 16,
    DATAGRAM_SUITE = 1,

    DATAGRAM_OVERHEAD_SIZE = 1 + 4 + 8 + DATAGRAM_TAG_SIZE,
    DATAGRAM_FIRST_OVERHEAD_SIZE = 1 + NODE_ID_SIZE + DATAGRAM_SESSION_SIZE + 8 + 8 + 4 + DATAGRAM_TAG_SIZE,
    // What fits whatever the state of the peer.
    DATAGRAM_PAYLOAD_SIZE_MAX = LIMIT_DATAGRAM_SIZE_MAX - DATAGRAM_FIRST_OVERHEAD_SIZE,
};

enum datagram_kind {
    DATAGRAM_SEALED = 1,
    DATAGRAM_QUESTION = 2,
    DATAGRAM_FIRST = 3,
    DATAGRAM_ANSWER = 4,
};

// A packet with such an outcome has changed nothing.
enum {
    DATAGRAM_MALFORMED = 1, // of no known kind, or of a wrong size
    DATAGRAM_UNKNOWN_PEER,  // an index or a sender we have no peer for
    DATAGRAM_NO_SESSION,    // sealing for, or from, a peer whose session we do not know: ask it
    DATAGRAM_FORGED,        // does not open: changed, sent back, of another session or another fleet
    DATAGRAM_REPLAYED,      // opened before, or too late
    DATAGRAM_OLD_SESSION,   // a first packet of a session that is over
    DATAGRAM_UNASKED,       // an answer to no open question
    DATAGRAM_OTHER_SUITE,   // a question or answer in a suite this build does not speak
    DATAGRAM_TOO_LARGE,     // sealing more than fits (ours)
    DATAGRAM_EXHAUSTED,     // 2^64 - 1 packets from one process (ours)
    DATAGRAM_OUTCOME_COUNT, // for counters
};

// Drawn at random by the caller for one packet.
struct datagram_nonce {
    uint8_t b[DATAGRAM_NONCE_SIZE];
};

// How much payload datagram_seal takes now; 0 for a stranger.
size_t datagram_room(const struct datagram_peer *peer);

// Appends a packet for `peer` to `out`. 0, DATAGRAM_NO_SESSION, _TOO_LARGE or _EXHAUSTED.
int datagram_seal(struct datagram_local *local, struct datagram_peer *peer, struct bytes payload,
                  struct buffer *out) WARN_UNUSED;

// Appends a question to `out`. `question` becomes the open one unless one is open already: asking again
// repeats that, so that an answer slower than our patience still counts.
void datagram_ask(struct datagram_local *local, struct datagram_peer *peer,
                  const struct datagram_question *question, const struct datagram_nonce *nonce,
                  struct buffer *out);

struct datagram_received {
    enum datagram_kind kind;
    struct datagram_peer *peer;
    bool is_new_session; // the peer's session is not the one it had before
};

// Takes one packet. On 0 and by kind: SEALED, FIRST: the payload was appended to `out`. QUESTION: the answer
// was, to be sent to where the question came from. ANSWER: nothing was; packets can be sealed now.
// `nonce` is used for an answer.
int datagram_receive(struct datagram_local *local, struct bytes packet, const struct datagram_nonce *nonce,
                     struct buffer *out, struct datagram_received *ret_received) WARN_UNUSED;

const char *datagram_outcome_text(int outcome);

#endif
