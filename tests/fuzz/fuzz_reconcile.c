// fuzz_reconcile.c - any bytes as a repair message, to a set whose shape the input chooses.
//
// First byte: twice as many items; second: how far their stamps lie apart; the rest is the message.
// Whatever it says, the answer fits a frame, is one that a peer accepts, and names only what we have.
#include "crdt/reconcile.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { ITEM_COUNT_MAX = 2 * 255 };

static struct reconcile_item items[ITEM_COUNT_MAX];

static void fill(size_t count, unsigned spread)
{
    uint64_t random = 1;
    for (size_t i = 0; i < count; i++) {
        items[i].stamp = (uint64_t)i / 3 << spread % 50; // three of each stamp
        for (size_t k = 0; k < sizeof items[i].id.b; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            items[i].id.b[k] = (uint8_t)(random >> 56);
        }
        items[i].id.b[0] = (uint8_t)(i % 3); // ascending within a stamp
    }
}

static bool has_item(const struct reconcile_view *view, const struct hash *id)
{
    for (size_t i = 0; i < view->count; i++)
        if (hash_equal(&view->items[i].id, id))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct reconcile_view view = {items, 2 * (size_t)data[0]},
                          part = {items + view.count / 4, view.count / 2};
    struct buffer answer = {0}, next = {0};
    struct reconcile_lacks lacks = {0}, theirs = {0};
    fill(view.count, data[1]);
    int outcome = reconcile_answer(&view, bytes_of(data + 2, size - 2), &answer, &lacks);
    assert(outcome == 0 || (outcome <= RECONCILE_MALFORMED && answer.size == 0));
    assert(answer.size <= LIMIT_STREAM_FRAME_SIZE_MAX);
    assert(lacks.count <= view.count);
    for (size_t i = 0; i < lacks.count; i++)
        assert(has_item(&view, &lacks.ids[i]));
    if (outcome == 0)
        assert(reconcile_answer(&part, buffer_view(&answer), &next, &theirs) != RECONCILE_MALFORMED);
    buffer_deinit(&answer);
    buffer_deinit(&next);
    reconcile_lacks_deinit(&lacks);
    reconcile_lacks_deinit(&theirs);
    return 0;
}
