#include "proto/stream.h"

#include <sodium.h>
#include <string.h>

enum {
    LENGTH_SIZE = 4,
    CLEAR_SIZE = 64, // payload of message 1
    CALL_SIZE = DH_SIZE + CLEAR_SIZE,
    ANSWER_SIZE = DH_SIZE + DH_SIZE + NOISE_TAG_SIZE + NOISE_TAG_SIZE,
    CONFIRM_SIZE_MIN = DH_SIZE + NOISE_TAG_SIZE + NOISE_TAG_SIZE,
    CONFIRM_SIZE_MAX = CONFIRM_SIZE_MIN + STREAM_PAYLOAD_OF_CONFIRM_MAX,
    FRAME_SIZE_MIN = 1 + NOISE_TAG_SIZE,
    FRAME_SIZE_MAX = FRAME_SIZE_MIN + LIMIT_STREAM_FRAME_SIZE_MAX,
    KEPT_INPUT_SIZE = 4096, // an idle stream holds on to no more than this
};

_Static_assert((int)ANSWER_SIZE <= (int)CALL_SIZE, "a stranger gets no more than it sent");

static const bool moves[STREAM_STATE_COUNT][STREAM_STATE_COUNT] = {
    [STREAM_CALLING] = {[STREAM_ANSWERED] = true, [STREAM_BROKEN] = true},
    [STREAM_ANSWERED] = {[STREAM_OPEN] = true, [STREAM_BROKEN] = true},
    [STREAM_LISTENING] = {[STREAM_CALLED] = true, [STREAM_BROKEN] = true},
    [STREAM_CALLED] = {[STREAM_ACCEPTED] = true, [STREAM_BROKEN] = true},
    [STREAM_ACCEPTED] = {[STREAM_OPEN] = true, [STREAM_BROKEN] = true},
    [STREAM_OPEN] = {[STREAM_BROKEN] = true},
};

static void move(struct stream *stream, enum stream_state state)
{
    assert(moves[stream->state][state]);
    stream->state = state;
}

static int fail(struct stream *stream, int outcome)
{
    move(stream, STREAM_BROKEN);
    stream->outcome = outcome;
    noise_handshake_deinit(&stream->handshake);
    sodium_memzero(&stream->send, sizeof stream->send);
    sodium_memzero(&stream->receive, sizeof stream->receive);
    buffer_deinit(&stream->input);
    stream->consumed = 0;
    return outcome;
}

static int outcome_of_noise(int outcome)
{
    switch (outcome) {
    case 0:
        return 0;
    case NOISE_MALFORMED:
        return STREAM_BAD_LENGTH;
    case NOISE_EXHAUSTED:
        return STREAM_EXHAUSTED;
    case NOISE_OUT_OF_TURN:
        return STREAM_OUT_OF_TURN;
    default:
        return STREAM_FORGED;
    }
}

// --- handshake ---

static const char *purpose_text(enum stream_purpose purpose)
{
    return purpose == STREAM_JOIN ? "join" : "peer";
}

static void start_handshake(struct stream *stream, enum stream_purpose purpose)
{
    struct buffer prologue = {0};
    buffer_add(&prologue, "katydid/1 stream", strlen("katydid/1 stream"));
    buffer_add(&prologue, stream->options.fleet.hash.b, HASH_SIZE);
    buffer_add(&prologue, purpose_text(purpose), strlen(purpose_text(purpose)));
    struct noise_options options = {.initiator = stream->options.initiator,
                                    .identity = stream->options.identity,
                                    .one_time = stream->options.one_time,
                                    .prologue = buffer_view(&prologue)};
    noise_handshake_init(&stream->handshake, &options);
    sodium_memzero(&options, sizeof options);
    sodium_memzero(&stream->options.one_time, sizeof stream->options.one_time);
    sodium_memzero(&stream->options.identity, sizeof stream->options.identity);
    buffer_deinit(&prologue);
}

// Appends a handshake message with its length in front.
static int write_message(struct stream *stream, struct bytes payload)
{
    struct buffer message = {0};
    int outcome = outcome_of_noise(noise_handshake_write(&stream->handshake, payload, &message));
    if (outcome == 0) {
        buffer_add_u32(&stream->output, (uint32_t)message.size);
        buffer_add(&stream->output, message.data, message.size);
    }
    buffer_deinit(&message);
    return outcome;
}

static int read_message(struct stream *stream, struct bytes message)
{
    buffer_clear(&stream->payload);
    return outcome_of_noise(noise_handshake_read(&stream->handshake, message, &stream->payload));
}

static void write_call(struct stream *stream)
{
    uint8_t clear[CLEAR_SIZE] = {STREAM_VERSION, (uint8_t)stream->options.purpose};
    memcpy(clear + 2, stream->options.tag, STREAM_TAG_SIZE);
    start_handshake(stream, stream->options.purpose);
    int outcome = write_message(stream, bytes_of(clear, sizeof clear));
    assert(outcome == 0); // message 1 has no key agreement in it that could fail
}

// Message 1. The purpose is part of the prologue, so it is looked at before the handshake starts.
static int read_call(struct stream *stream, struct bytes message, struct stream_event *ret_event)
{
    const uint8_t *clear = message.data + DH_SIZE;
    if (clear[0] != STREAM_VERSION)
        return STREAM_OTHER_VERSION;
    if (clear[1] != STREAM_JOIN && clear[1] != STREAM_PEER)
        return STREAM_UNKNOWN_PURPOSE;
    stream->options.purpose = (enum stream_purpose)clear[1];
    start_handshake(stream, stream->options.purpose);
    int outcome = read_message(stream, message);
    if (outcome)
        return outcome;
    move(stream, STREAM_CALLED);
    *ret_event = (struct stream_event){.kind = STREAM_EVENT_CALLED, .purpose = stream->options.purpose};
    memcpy(ret_event->tag, clear + 2, STREAM_TAG_SIZE);
    return 0;
}

static int read_answer(struct stream *stream, struct bytes message, struct stream_event *ret_event)
{
    int outcome = read_message(stream, message);
    if (outcome)
        return outcome;
    move(stream, STREAM_ANSWERED);
    *ret_event = (struct stream_event){.kind = STREAM_EVENT_ANSWERED,
                                       .purpose = stream->options.purpose,
                                       .remote = stream->handshake.remote_identity};
    return 0;
}

static void open_stream(struct stream *stream)
{
    noise_handshake_split(&stream->handshake, &stream->send, &stream->receive);
    stream->remote = stream->handshake.remote_identity;
    memcpy(stream->hash, stream->handshake.hash, sizeof stream->hash);
    noise_handshake_deinit(&stream->handshake); // what is recorded today cannot be read with tomorrow's loot
    move(stream, STREAM_OPEN);
}

static int read_confirm(struct stream *stream, struct bytes message, struct stream_event *ret_event)
{
    int outcome = read_message(stream, message);
    if (outcome)
        return outcome;
    open_stream(stream);
    *ret_event = (struct stream_event){.kind = STREAM_EVENT_OPEN,
                                       .purpose = stream->options.purpose,
                                       .remote = stream->remote,
                                       .payload = buffer_view(&stream->payload)};
    return 0;
}

// Frames are decrypted where they lie.
static int read_frame(struct stream *stream, struct bytes message, struct stream_event *ret_event)
{
    uint8_t *plain = stream->input.data + (message.data - stream->input.data);
    int outcome = outcome_of_noise(noise_cipher_open(&stream->receive, bytes_of(NULL, 0), message, plain));
    if (outcome)
        return outcome;
    *ret_event = (struct stream_event){.kind = STREAM_EVENT_FRAME,
                                       .purpose = stream->options.purpose,
                                       .remote = stream->remote,
                                       .type = plain[0],
                                       .payload = bytes_of(plain + 1, message.size - FRAME_SIZE_MIN)};
    return 0;
}

// --- input ---

// What each state awaits. In the others it is our turn and the peer has to wait.
static const struct {
    size_t size_min, size_max;
    int (*read)(struct stream *stream, struct bytes message, struct stream_event *ret_event);
} awaited[STREAM_STATE_COUNT] = {
    [STREAM_CALLING] = {ANSWER_SIZE, ANSWER_SIZE, read_answer},
    [STREAM_LISTENING] = {CALL_SIZE, CALL_SIZE, read_call},
    [STREAM_ACCEPTED] = {CONFIRM_SIZE_MIN, CONFIRM_SIZE_MAX, read_confirm},
    [STREAM_OPEN] = {FRAME_SIZE_MIN, FRAME_SIZE_MAX, read_frame},
};

void stream_init(struct stream *stream, const struct stream_options *options)
{
    *stream = (struct stream){.options = *options};
    stream->state = options->initiator ? STREAM_CALLING : STREAM_LISTENING;
    if (options->initiator)
        write_call(stream);
}

void stream_deinit(struct stream *stream)
{
    buffer_deinit(&stream->input);
    buffer_deinit(&stream->payload);
    buffer_deinit(&stream->output);
    sodium_memzero(stream, sizeof *stream);
}

// Forgets what stream_next has handed out. A large frame's memory is not kept by an idle stream.
static void drop_consumed(struct stream *stream)
{
    if (stream->consumed < stream->input.size)
        buffer_drop_front(&stream->input, stream->consumed);
    else if (stream->input.capacity > KEPT_INPUT_SIZE)
        buffer_deinit(&stream->input);
    else
        buffer_clear(&stream->input);
    stream->consumed = 0;
}

void stream_receive(struct stream *stream, struct bytes bytes)
{
    if (stream->state == STREAM_BROKEN || bytes.size == 0)
        return;
    drop_consumed(stream);
    buffer_add(&stream->input, bytes.data, bytes.size);
}

// The next whole message, if there is one. The length is judged as soon as it is there.
static int take_message(struct stream *stream, struct bytes *ret_message, bool *ret_whole)
{
    struct reader reader;
    reader_init(&reader, bytes_of(stream->input.data, stream->input.size));
    reader_bytes(&reader, stream->consumed);
    uint32_t size = reader_u32(&reader);
    *ret_whole = false;
    if (reader.failed)
        return 0;
    if (size < awaited[stream->state].size_min || size > awaited[stream->state].size_max)
        return STREAM_BAD_LENGTH;
    struct bytes message = reader_bytes(&reader, size);
    if (reader.failed)
        return 0;
    stream->consumed += LENGTH_SIZE + size;
    *ret_message = message;
    *ret_whole = true;
    return 0;
}

static bool next_broken(struct stream *stream, struct stream_event *ret_event)
{
    if (stream->outcome_reported)
        return false;
    stream->outcome_reported = true;
    *ret_event = (struct stream_event){.kind = STREAM_EVENT_BROKEN, .outcome = stream->outcome};
    return true;
}

bool stream_next(struct stream *stream, struct stream_event *ret_event)
{
    struct bytes message;
    bool whole = false;
    int outcome = 0;
    if (stream->state == STREAM_BROKEN)
        return next_broken(stream, ret_event);
    if (stream->consumed == stream->input.size)
        drop_consumed(stream);
    if (stream->input.size == 0)
        return false;
    if (!awaited[stream->state].read)
        outcome = STREAM_OUT_OF_TURN;
    else
        outcome = take_message(stream, &message, &whole);
    if (outcome == 0 && whole)
        outcome = awaited[stream->state].read(stream, message, ret_event);
    if (outcome == 0)
        return whole;
    fail(stream, outcome);
    return next_broken(stream, ret_event);
}

// --- our turn ---

int stream_accept(struct stream *stream)
{
    if (stream->state == STREAM_BROKEN) // by what came while the caller was making up its mind
        return stream->outcome;
    assert(stream->state == STREAM_CALLED);
    int outcome = write_message(stream, bytes_of(NULL, 0));
    if (outcome)
        return fail(stream, outcome);
    move(stream, STREAM_ACCEPTED);
    return 0;
}

int stream_confirm(struct stream *stream, struct bytes payload)
{
    if (stream->state == STREAM_BROKEN)
        return stream->outcome;
    assert(stream->state == STREAM_ANSWERED);
    if (payload.size > STREAM_PAYLOAD_OF_CONFIRM_MAX)
        return STREAM_TOO_LARGE;
    int outcome = write_message(stream, payload);
    if (outcome)
        return fail(stream, outcome);
    open_stream(stream);
    return 0;
}

int stream_send(struct stream *stream, uint8_t type, struct bytes payload)
{
    if (stream->state != STREAM_OPEN)
        return STREAM_NOT_OPEN;
    if (payload.size > LIMIT_STREAM_FRAME_SIZE_MAX)
        return STREAM_TOO_LARGE;
    struct buffer plain = {0};
    size_t start = stream->output.size;
    buffer_add_u8(&plain, type);
    buffer_add(&plain, payload.data, payload.size);
    buffer_add_u32(&stream->output, (uint32_t)(plain.size + NOISE_TAG_SIZE));
    int outcome = outcome_of_noise(
        noise_cipher_seal(&stream->send, bytes_of(NULL, 0), buffer_view(&plain), &stream->output));
    if (outcome)
        stream->output.size = start;
    buffer_deinit(&plain);
    return outcome;
}

struct buffer *stream_output(struct stream *stream)
{
    return &stream->output;
}

struct bytes stream_hash(const struct stream *stream)
{
    return bytes_of(stream->hash, sizeof stream->hash);
}

const char *stream_outcome_text(int outcome)
{
    switch (outcome) {
    case 0:
        return "ok";
    case STREAM_BAD_LENGTH:
        return "a message of a length that does not fit here";
    case STREAM_OTHER_VERSION:
        return "the peer speaks a version this build does not";
    case STREAM_UNKNOWN_PURPOSE:
        return "the peer asks for something unknown";
    case STREAM_FORGED:
        return "a message does not open: another fleet, or changed on the way";
    case STREAM_OUT_OF_TURN:
        return "the peer spoke out of turn";
    case STREAM_EXHAUSTED:
        return "too many frames on one connection";
    case STREAM_NOT_OPEN:
        return "the connection is not open";
    case STREAM_TOO_LARGE:
        return "more than a frame holds";
    default:
        return "unknown";
    }
}
