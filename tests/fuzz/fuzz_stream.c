// fuzz_stream.c - any bytes, in any pieces, into each end and state of a stream; and honest frames over a
// wire that cuts and flips: what comes out is what went in, in order, up to the first flip.
#include "proto/stream.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { CALLER, LISTENER, TEXT_SIZE_MAX = 255 };

static void start(struct stream *stream, int side)
{
    struct stream_options options = {.initiator = side == CALLER, .purpose = STREAM_PEER};
    memset(options.identity.b, 1 + side, DH_SIZE);
    memset(options.one_time.b, 3 + side, DH_SIZE);
    stream_init(stream, &options);
}

// Frame n from the caller to the listener has the type n and a payload of bytes n.
struct ends {
    struct stream ends[2];
    uint8_t sent, received;
};

static void check_frame(struct ends *ends, int side, const struct stream_event *event)
{
    assert(side == LISTENER && event->type == ends->received && ends->received < ends->sent);
    for (size_t i = 0; i < event->payload.size; i++)
        assert(event->payload.data[i] == ends->received);
    ends->received++;
}

// Reacts as a caller would.
static void drain(struct ends *ends, int side)
{
    struct stream_event event;
    struct stream *stream = &ends->ends[side];
    while (stream_next(stream, &event)) {
        if (event.kind == STREAM_EVENT_CALLED && stream_accept(stream) != 0)
            assert(stream->state == STREAM_BROKEN);
        if (event.kind == STREAM_EVENT_ANSWERED && stream_confirm(stream, bytes_of("x", 1)) != 0)
            assert(stream->state == STREAM_BROKEN);
        if (event.kind == STREAM_EVENT_BROKEN)
            assert(event.outcome != 0 && stream_outcome_text(event.outcome) != NULL);
        if (event.kind == STREAM_EVENT_FRAME)
            check_frame(ends, side, &event);
    }
}

static void feed(struct ends *ends, int side, struct bytes bytes)
{
    stream_receive(&ends->ends[side], bytes);
    drain(ends, side);
    assert(ends->ends[side].input.size <= LIMIT_STREAM_FRAME_SIZE_MAX + 64);
}

// Moves up to `size` bytes of what one end wants to send.
static void deliver(struct ends *ends, int from, size_t size)
{
    uint8_t piece[256];
    struct buffer *output = stream_output(&ends->ends[from]);
    size = MIN_OF(MIN_OF(size, output->size), sizeof piece);
    if (size == 0)
        return;
    memcpy(piece, output->data, size);
    buffer_drop_front(output, size);
    feed(ends, 1 - from, bytes_of(piece, size));
}

static void meet(struct ends *ends)
{
    for (int i = 0; i < 4; i++)
        deliver(ends, i % 2, 256);
    assert(ends->ends[CALLER].state == STREAM_OPEN && ends->ends[LISTENER].state == STREAM_OPEN);
}

static void run_raw(struct ends *ends, int side, struct reader *reader)
{
    size_t piece = 1 + (size_t)reader_u8(reader);
    while (reader->rest.size)
        feed(ends, side, reader_bytes(reader, MIN_OF(piece, reader->rest.size)));
}

static void run_script(struct ends *ends, struct reader *reader)
{
    while (reader->rest.size >= 2) {
        uint8_t what = reader_u8(reader), amount = reader_u8(reader);
        uint8_t text[TEXT_SIZE_MAX];
        struct buffer *output = stream_output(&ends->ends[CALLER]);
        if (what % 4 == 0) {
            memset(text, ends->sent, sizeof text);
            if (ends->sent < 255 && stream_send(&ends->ends[CALLER], ends->sent, bytes_of(text, amount)) == 0)
                ends->sent++;
        } else if (what % 4 == 1 && amount < output->size && what > 200) {
            output->data[amount] ^= what;
        } else {
            deliver(ends, what % 4 == 3 ? LISTENER : CALLER, amount);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ends ends = {0};
    struct reader reader;
    reader_init(&reader, bytes_of(data, size));
    uint8_t mode = reader_u8(&reader) % 6;
    start(&ends.ends[CALLER], CALLER);
    start(&ends.ends[LISTENER], LISTENER);
    if (mode == 2 || mode == 3 || mode == 5)
        meet(&ends);
    if (mode < 4)
        run_raw(&ends, mode % 2, &reader);
    else
        run_script(&ends, &reader);
    stream_deinit(&ends.ends[CALLER]);
    stream_deinit(&ends.ends[LISTENER]);
    return 0;
}
