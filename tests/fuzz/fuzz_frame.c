// fuzz_frame.c - any bytes on the runner's socket: refused, or a frame that encodes to the same bytes.
#include "proto/frame.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame frame;
    if (frame_decode(bytes_of(data, size), &frame) != 0)
        return 0;
    struct buffer out = {0};
    frame_encode(&frame, &out);
    assert(bytes_equal(buffer_view(&out), bytes_of(data, size)));
    buffer_deinit(&out);
    return 0;
}
