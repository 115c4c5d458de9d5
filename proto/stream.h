// stream.h - an encrypted connection over a byte stream, as a machine that touches no socket.
//
// The shell feeds what it read (stream_receive), asks what it means (stream_next until false) and
// writes what is in stream_output. Bytes may come in any pieces.
//
// On the wire everything is: length u32 | that many bytes. Little endian.
//   message 1   one-time key 32 | 64 clear bytes {version u8, purpose u8, tag 8, zeroes}
//   message 2   one-time key 32 | identity 32 + 16 | tag 16                  no payload
//   message 3   identity 32 + 16 | payload 0..STREAM_PAYLOAD_OF_CONFIRM_MAX + 16
//   frames      encrypted {type u8, payload 0..LIMIT_STREAM_FRAME_SIZE_MAX} + 16
// The handshake is proto/noise.h with the prologue "katydid/1 stream" | fleet id 32 | purpose ("join" or
// "peer"). Messages 1 and 2 have one size, so a stranger gets no more than it sent. Each length has its
// bounds, which depend on whose turn it is and are checked before memory is taken. Departure from Noise:
// a frame with the largest payload is a few bytes over the 65,535 that the specification allows.
//
// Moves (a caller's function above, what arrives below):
//
//                                             stream_confirm
//   initiator:  CALLING ---------> ANSWERED ------------------.
//                       message 2                             v
//                                                            OPEN
//                          stream_accept                      ^
//   responder:  LISTENING ---------> CALLED -----> ACCEPTED --'
//                         message 1                        message 3
//   from everywhere: BROKEN, by a message that does not fit or open. There is no way back.
//
// A frame opens only in order and once, so nothing can be dropped, repeated or swapped inside a
// connection; that the end was cut off is for the messages themselves to notice.
#ifndef PROTO_STREAM_H
#define PROTO_STREAM_H

#include "proto/limits.h"
#include "proto/noise.h"

enum {
    STREAM_VERSION = 1,
    STREAM_TAG_SIZE = 8,
    STREAM_PAYLOAD_OF_CONFIRM_MAX = 4096,
};

enum stream_purpose {
    STREAM_JOIN = 1, // a machine with a token; the tag says which invite
    STREAM_PEER = 2, // a member of the fleet; the tag is zero
};

enum stream_state {
    STREAM_CALLING,
    STREAM_ANSWERED,
    STREAM_LISTENING,
    STREAM_CALLED,
    STREAM_ACCEPTED,
    STREAM_OPEN,
    STREAM_BROKEN,
    STREAM_STATE_COUNT,
};

enum {
    STREAM_BAD_LENGTH = 1,  // a length outside the bounds of what is awaited
    STREAM_OTHER_VERSION,   // message 1 of a version this build does not speak
    STREAM_UNKNOWN_PURPOSE, // neither join nor peer
    STREAM_FORGED,          // does not open: another fleet or purpose, or changed on the way
    STREAM_OUT_OF_TURN,     // the peer spoke before it was answered
    STREAM_EXHAUSTED,       // 2^64 - 1 frames
    STREAM_NOT_OPEN,        // sending before or after (ours; the stream stays as it is)
    STREAM_TOO_LARGE,       // sending more than a frame holds (ours; the stream stays as it is)
};

struct stream_options {
    bool initiator;
    enum stream_purpose purpose;  // of an initiator; a responder learns it
    uint8_t tag[STREAM_TAG_SIZE]; // of an initiator, zero for STREAM_PEER
    struct fleet_id fleet;
    struct dh_secret identity; // the node's datagram key
    struct dh_secret one_time; // random, for this stream only
};

struct stream {
    enum stream_state state;
    int outcome;           // why it is BROKEN
    bool outcome_reported; // by stream_next
    struct stream_options options;
    struct noise_handshake handshake;
    struct noise_cipher send, receive;
    struct public_key remote; // when OPEN
    uint8_t hash[NOISE_HASH_SIZE];
    struct buffer input; // received, from `consumed` on not yet understood
    size_t consumed;
    struct buffer payload; // of handshake messages
    struct buffer output;
};

enum stream_event_kind {
    STREAM_EVENT_CALLED,   // responder: look at purpose and tag, then stream_accept or stream_deinit
    STREAM_EVENT_ANSWERED, // initiator: look at `remote`, then stream_confirm or stream_deinit
    STREAM_EVENT_OPEN,     // responder: look at `remote`; `payload` is that of message 3
    STREAM_EVENT_FRAME,    // `type`, `payload`
    STREAM_EVENT_BROKEN,   // `outcome`; the last event
};

struct stream_event {
    enum stream_event_kind kind;
    enum stream_purpose purpose;
    uint8_t tag[STREAM_TAG_SIZE];
    struct public_key remote; // the peer's identity, proven
    uint8_t type;
    struct bytes payload; // valid until the next call with this stream
    int outcome;
};

// An initiator's message 1 is in the output at once.
void stream_init(struct stream *stream, const struct stream_options *options);
void stream_deinit(struct stream *stream); // erases keys; safe on a zeroed one

// Takes what came from the socket. Call stream_next until it is false after each: what one call
// brought is kept until then.
void stream_receive(struct stream *stream, struct bytes bytes);
bool stream_next(struct stream *stream, struct stream_event *ret_event);

// Responder, after STREAM_EVENT_CALLED: answers with message 2. 0 or the reason it is BROKEN, now or since
// then: the caller may take its time.
int stream_accept(struct stream *stream) WARN_UNUSED;
// Initiator, after STREAM_EVENT_ANSWERED: proves who we are with message 3, which carries `payload`.
// 0 (frames may be sent), STREAM_TOO_LARGE, or the reason it is BROKEN.
int stream_confirm(struct stream *stream, struct bytes payload) WARN_UNUSED;

// Appends a frame to the output. 0, STREAM_NOT_OPEN, STREAM_TOO_LARGE or STREAM_EXHAUSTED.
int stream_send(struct stream *stream, uint8_t type, struct bytes payload) WARN_UNUSED;

// What is to be written. The caller drops what it has written from the front, or moves the whole
// buffer out and leaves a zeroed one.
struct buffer *stream_output(struct stream *stream);

// The name of this connection, the same on both sides and on no other; zeroes before OPEN. Signing it ties a
// signature to this connection.
struct bytes stream_hash(const struct stream *stream);

const char *stream_outcome_text(int outcome);

#endif
