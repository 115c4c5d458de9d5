// fuzz_control.c - any bytes on the control socket: refused, or a message that says the same after another
// round. The first byte chooses the direction: odd a reply, even a request.
#include "proto/control.h"
#include "tests/fuzz/fuzz.h"

static void check_request(struct bytes input)
{
    struct arena arena = {0};
    struct buffer once = {0}, twice = {0};
    struct control_request request;
    if (control_request_decode(input, &arena, &request) == 0) {
        control_request_encode(&request, &once);
        int outcome = control_request_decode(buffer_view(&once), &arena, &request);
        assert(outcome == 0);
        control_request_encode(&request, &twice);
        assert(bytes_equal(buffer_view(&once), buffer_view(&twice)));
    }
    buffer_deinit(&once);
    buffer_deinit(&twice);
    arena_deinit(&arena);
}

static void check_reply(struct bytes input)
{
    struct arena arena = {0};
    struct buffer once = {0}, twice = {0};
    struct control_reply reply;
    if (control_reply_decode(input, &arena, &reply) == 0) {
        control_reply_encode(&reply, &once);
        int outcome = control_reply_decode(buffer_view(&once), &arena, &reply);
        assert(outcome == 0);
        control_reply_encode(&reply, &twice);
        assert(bytes_equal(buffer_view(&once), buffer_view(&twice)));
    }
    buffer_deinit(&once);
    buffer_deinit(&twice);
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes input = bytes_of(data + 1, size - 1);
    if (data[0] & 1)
        check_reply(input);
    else
        check_request(input);
    return 0;
}
