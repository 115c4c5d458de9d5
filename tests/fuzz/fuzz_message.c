// fuzz_message.c - messages between nodes, each decoder with the same bytes.
#include "proto/message.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct arena arena = {0};
    struct message_list list;
    struct message_take take;
    struct message_taken taken;
    struct message_ask ask;
    struct message_told told;
    struct message_compare compare;
    struct message_compared compared;
    struct message_offer offer;
    struct message_detour detour;
    const struct hash *ids;
    size_t count;
    struct buffer again = {0};
    bool is_list = message_list_decode(input, &arena, &list) == 0;
    bool is_take = message_take_decode(input, &arena, &take) == 0;
    bool is_ids = message_ids_decode(input, &ids, &count) == 0;
    bool is_ask = message_ask_decode(input, &ask) == 0;
    bool is_told = message_told_decode(input, &arena, &told) == 0;
    bool is_compare = message_compare_decode(input, &arena, &compare) == 0;
    bool is_compared = message_compared_decode(input, &compared) == 0;
    bool is_offer = message_offer_decode(input, &offer) == 0;
    assert(!is_list || list.count <= MESSAGE_LIST_MAX);
    assert(!is_take || take.count <= MESSAGE_LIST_MAX);
    assert(!is_ids || count * HASH_SIZE == size);
    assert(!is_ask || strlen(ask.job) < NAME_JOB_ROOM);
    assert(!is_told || (told.live_count <= size && told.envelopes.count <= MESSAGE_LIST_MAX &&
                        told.story_count <= MESSAGE_LIST_MAX));
    assert(!is_compare || compare.count <= LIMIT_COMPARED_JOB_COUNT_MAX);
    assert(!is_compared || compared.count <= LIMIT_COMPARED_JOB_COUNT_MAX);
    assert(!is_offer || (offer.count <= MESSAGE_LIST_MAX && offer.count * HASH_SIZE + 8 == size));
    if (message_detour_decode(input, &detour) == 0) {
        message_detour_encode(&detour, &again);
        assert(bytes_equal(buffer_view(&again), input));
        buffer_clear(&again);
    }
    if (message_taken_decode(input, &arena, &taken) == 0) {
        assert(taken.count <= MESSAGE_LIST_MAX);
        size_t written = message_taken_encode(taken.jobs, taken.count, &again);
        assert(written < taken.count || bytes_equal(buffer_view(&again), input));
    }
    buffer_deinit(&again);
    arena_deinit(&arena);
    return 0;
}
