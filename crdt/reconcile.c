#include "crdt/reconcile.h"

#include "crdt/fingerprint.h"
#include "crdt/reconcile_wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    // What one range of a message may add to its answer, with the skip before it.
    PIECE_SIZE_MAX = (RECONCILE_FANOUT + 1) * RECONCILE_WIRE_RANGE_SIZE_MAX + RECONCILE_WIRE_LIST_SIZE_MAX,
};

// Items first..last-1 of the view, in a range from `lower` to `upper`.
struct slice {
    struct reconcile_wire_bound lower, upper;
    size_t first, last;
};

struct answer {
    const struct reconcile_view *view;
    uint64_t salt;
    struct reconcile_wire_writer writer;
    struct reconcile_lacks *lacks;
    bool is_empty; // nothing written but the header
};

int reconcile_item_compare(const struct reconcile_item *a, const struct reconcile_item *b)
{
    if (a->stamp != b->stamp)
        return a->stamp < b->stamp ? -1 : 1;
    return memcmp(&a->id, &b->id, sizeof a->id);
}

void reconcile_lacks_deinit(struct reconcile_lacks *lacks)
{
    free(lacks->ids);
    *lacks = (struct reconcile_lacks){0};
}

static void lacks_add(struct reconcile_lacks *lacks, const struct hash *id)
{
    void *array = lacks->ids;
    base_grow(&array, &lacks->capacity, lacks->count + 1, sizeof *lacks->ids);
    lacks->ids = array;
    lacks->ids[lacks->count++] = *id;
}

// --- what we say about a range -----------------------------------------------

static void range_fingerprint(const struct answer *answer, const struct slice *slice,
                              uint8_t out[RECONCILE_WIRE_FINGERPRINT_SIZE])
{
    struct fingerprint sum = {0};
    for (size_t i = slice->first; i < slice->last; i++)
        fingerprint_add(&sum, &answer->view->items[i].id);
    struct hash whole = fingerprint_hash(&sum);
    struct hasher hasher;
    hasher_start(&hasher, "katydid-range-1");
    hasher_add_u64(&hasher, answer->salt);
    hasher_add(&hasher, whole.b, sizeof whole.b);
    struct hash hash = hasher_finish(&hasher);
    memcpy(out, hash.b, RECONCILE_WIRE_FINGERPRINT_SIZE);
}

static void short_name(const struct answer *answer, const struct hash *id,
                       uint8_t out[RECONCILE_WIRE_SHORT_SIZE])
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-short-1");
    hasher_add_u64(&hasher, answer->salt);
    hasher_add(&hasher, id->b, sizeof id->b);
    struct hash hash = hasher_finish(&hasher);
    memcpy(out, hash.b, RECONCILE_WIRE_SHORT_SIZE);
}

static void say(struct answer *answer, const struct slice *slice, enum reconcile_wire_mode mode,
                struct bytes payload, size_t count)
{
    struct reconcile_wire_range range = {mode, slice->upper, payload, count};
    reconcile_wire_write(&answer->writer, &slice->lower, &range);
    answer->is_empty = false;
}

static void say_fingerprint(struct answer *answer, const struct slice *slice)
{
    uint8_t fingerprint[RECONCILE_WIRE_FINGERPRINT_SIZE];
    range_fingerprint(answer, slice, fingerprint);
    say(answer, slice, RECONCILE_WIRE_FINGERPRINT, bytes_of(fingerprint, sizeof fingerprint), 0);
}

static void say_list(struct answer *answer, const struct slice *slice)
{
    uint8_t names[RECONCILE_LIST_COUNT * RECONCILE_WIRE_SHORT_SIZE];
    size_t count = slice->last - slice->first;
    assert(count < RECONCILE_LIST_COUNT);
    for (size_t i = 0; i < count; i++)
        short_name(answer, &answer->view->items[slice->first + i].id, names + i * RECONCILE_WIRE_SHORT_SIZE);
    say(answer, slice, RECONCILE_WIRE_LIST, bytes_of(names, count * RECONCILE_WIRE_SHORT_SIZE), count);
}

// Cuts the first `count` items off a slice; some must stay.
static struct slice slice_cut(const struct reconcile_view *view, struct slice *slice, size_t count)
{
    struct slice head = *slice;
    size_t end = slice->first + count;
    assert(count > 0 && end < slice->last);
    head.last = slice->first = end;
    head.upper = slice->lower = reconcile_wire_between(&view->items[end - 1], &view->items[end]);
    return head;
}

static void say_split(struct answer *answer, struct slice slice)
{
    for (size_t parts = RECONCILE_FANOUT; parts > 1; parts--) {
        struct slice head = slice_cut(answer->view, &slice, (slice.last - slice.first) / parts);
        say_fingerprint(answer, &head);
    }
    say_fingerprint(answer, &slice);
}

// --- the first message -------------------------------------------------------

// As a split, but its last part is halved again and again and the very newest are listed: repairs are
// mostly about those.
void reconcile_start(const struct reconcile_view *view, uint64_t salt, struct buffer *out)
{
    struct answer answer = {.view = view, .salt = salt};
    struct slice slice = {.upper = {.is_end = true}, .last = view->count};
    reconcile_wire_start(&answer.writer, out, salt);
    for (size_t parts = RECONCILE_FANOUT; parts > 1 && view->count >= RECONCILE_LIST_COUNT; parts--) {
        struct slice head = slice_cut(view, &slice, (slice.last - slice.first) / parts);
        say_fingerprint(&answer, &head);
    }
    while (slice.last - slice.first >= RECONCILE_LIST_COUNT) {
        struct slice head = slice_cut(view, &slice, (slice.last - slice.first) / 2);
        say_fingerprint(&answer, &head);
    }
    say_list(&answer, &slice);
}

// --- answers -----------------------------------------------------------------

static void answer_fingerprint(struct answer *answer, const struct slice *slice, struct bytes theirs)
{
    uint8_t ours[RECONCILE_WIRE_FINGERPRINT_SIZE];
    range_fingerprint(answer, slice, ours);
    if (bytes_equal(theirs, bytes_of(ours, sizeof ours)))
        return;
    if (slice->last - slice->first < RECONCILE_LIST_COUNT)
        say_list(answer, slice);
    else
        say_split(answer, *slice);
}

// The index of a short name among `count`, or `count`.
static size_t name_find(struct bytes names, size_t count, const uint8_t name[RECONCILE_WIRE_SHORT_SIZE])
{
    size_t i = 0;
    while (i < count &&
           memcmp(names.data + i * RECONCILE_WIRE_SHORT_SIZE, name, RECONCILE_WIRE_SHORT_SIZE) != 0)
        i++;
    return i;
}

static void answer_list(struct answer *answer, const struct slice *slice, struct bytes names, size_t count)
{
    bool is_here[RECONCILE_LIST_COUNT] = {false};
    uint8_t name[RECONCILE_WIRE_SHORT_SIZE], wants[RECONCILE_LIST_COUNT * RECONCILE_WIRE_SHORT_SIZE];
    for (size_t i = slice->first; i < slice->last; i++) {
        short_name(answer, &answer->view->items[i].id, name);
        size_t index = name_find(names, count, name);
        if (index < count)
            is_here[index] = true;
        else
            lacks_add(answer->lacks, &answer->view->items[i].id);
    }
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_here[i])
            continue;
        memcpy(wants + wanted * sizeof name, names.data + i * sizeof name, sizeof name);
        wanted++;
    }
    if (wanted)
        say(answer, slice, RECONCILE_WIRE_WANT, bytes_of(wants, wanted * sizeof name), wanted);
}

static void answer_want(struct answer *answer, const struct slice *slice, struct bytes names, size_t count)
{
    uint8_t name[RECONCILE_WIRE_SHORT_SIZE];
    for (size_t i = slice->first; i < slice->last; i++) {
        short_name(answer, &answer->view->items[i].id, name);
        if (name_find(names, count, name) < count)
            lacks_add(answer->lacks, &answer->view->items[i].id);
    }
}

static void answer_range(struct answer *answer, const struct slice *slice,
                         const struct reconcile_wire_range *range)
{
    switch (range->mode) {
    case RECONCILE_WIRE_SKIP:
        break;
    case RECONCILE_WIRE_FINGERPRINT:
        answer_fingerprint(answer, slice, range->payload);
        break;
    case RECONCILE_WIRE_LIST:
        answer_list(answer, slice, range->payload, range->count);
        break;
    case RECONCILE_WIRE_WANT:
        answer_want(answer, slice, range->payload, range->count);
        break;
    }
}

// The first item not below a bound, at or after `from`.
static size_t item_index(const struct reconcile_view *view, size_t from,
                         const struct reconcile_wire_bound *bound)
{
    size_t low = from, high = view->count;
    if (bound->is_end)
        return view->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reconcile_item_compare(&view->items[middle], &bound->item) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_well_formed(struct bytes message)
{
    struct reconcile_wire_reader reader;
    struct reconcile_wire_range range;
    uint64_t salt;
    if (!reconcile_wire_open(&reader, message, &salt))
        return false;
    while (reconcile_wire_has_more(&reader))
        if (!reconcile_wire_read(&reader, &range))
            return false;
    return true;
}

// Answers range after range while there is room for what one may need.
static void answer_all(struct answer *answer, struct reconcile_wire_reader *reader, size_t size_max)
{
    struct slice slice = {0};
    struct reconcile_wire_range range;
    while (reconcile_wire_has_more(reader)) {
        bool is_read = reconcile_wire_read(reader, &range);
        assert(is_read); // is_well_formed saw it
        slice.lower = slice.upper;
        slice.first = slice.last;
        if (answer->writer.out->size + PIECE_SIZE_MAX > size_max) {
            slice.upper = (struct reconcile_wire_bound){.is_end = true};
            slice.last = answer->view->count;
            say_fingerprint(answer, &slice);
            return;
        }
        slice.upper = range.upper;
        slice.last = item_index(answer->view, slice.first, &range.upper);
        answer_range(answer, &slice, &range);
    }
}

int reconcile_answer(const struct reconcile_view *view, struct bytes message, struct buffer *out,
                     struct reconcile_lacks *lacks)
{
    struct reconcile_wire_reader reader;
    struct answer answer = {.view = view, .lacks = lacks, .is_empty = true};
    size_t start = out->size;
    if (!is_well_formed(message) || !reconcile_wire_open(&reader, message, &answer.salt))
        return RECONCILE_MALFORMED;
    reconcile_wire_start(&answer.writer, out, answer.salt);
    answer_all(&answer, &reader, start + LIMIT_STREAM_FRAME_SIZE_MAX - RECONCILE_WIRE_RANGE_SIZE_MAX);
    if (!answer.is_empty)
        return 0;
    out->size = start;
    return RECONCILE_DONE;
}
