#include "proto/ledger.h"

#include <string.h>

#include "proto/codec.h"
#include "proto/ledger.pb-c.h"

_Static_assert((int)LEDGER_MALFORMED == (int)CODEC_MALFORMED, "one outcome");

const char *ledger_status_text(enum ledger_status status)
{
    static const char *const texts[] = {"open", "denied",    "blocked", "missed", "skipped",
                                        "lost", "cancelled", "timeout", "failed", "ok"};
    assert(status >= LEDGER_OPEN && status <= LEDGER_OK);
    return texts[status];
}

int ledger_epoch_compare(const struct ledger_epoch *a, const struct ledger_epoch *b)
{
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return memcmp(a->node.b, b->node.b, sizeof a->node.b);
}

int64_t ledger_result_due_ms(const struct ledger_result *result, uint32_t index)
{
    return result->occurrence.due_ms + (int64_t)(index * result->step_ms);
}

int64_t ledger_result_started_ms(const struct ledger_result *result, uint32_t index)
{
    assert(index == 0 || index < result->count);
    return index == 0 ? result->started_ms : ledger_result_due_ms(result, index) + result->late_ms[index - 1];
}

int64_t ledger_result_ended_ms(const struct ledger_result *result, uint32_t index)
{
    if (index == 0)
        return result->ended_ms;
    return ledger_result_started_ms(result, index) + result->took_ms[index - 1];
}

struct hash ledger_segment_hash(const struct ledger_segment *segment)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-log-1");
    hasher_add(&hasher, segment->previous.b, sizeof segment->previous.b);
    hasher_add(&hasher, segment->run.b, sizeof segment->run.b);
    hasher_add_u64(&hasher, segment->index);
    hasher_add_u64(&hasher, segment->offset);
    hasher_add_u64(&hasher, segment->stream);
    hasher_add_u64(&hasher, (uint64_t)segment->at_ms);
    hasher_add(&hasher, segment->data.data, segment->data.size);
    return hasher_finish(&hasher);
}

// The items of a body, whatever their kind: what every list's reader fills in.
struct ledger_list {
    void *items;
    size_t count;
};

static void *ledger_read_list(struct codec *codec, struct ledger_list *list, size_t count, size_t size)
{
    codec_check(codec, count > 0);
    list->count = count;
    list->items = codec_array(codec, &list->count, LIMIT_LEDGER_ITEM_COUNT_MAX, size);
    return list->items;
}

static void ledger_read_job(struct codec *codec, ProtobufCBinaryData in, char out[NAME_JOB_ROOM])
{
    char namespace_name[NAME_ROOM], name[NAME_ROOM];
    const char *text = codec_text(codec, in, NAME_JOB_ROOM - 1);
    if (strchr(text, '/') && name_split_job(text, namespace_name, name))
        name_join_job(namespace_name, name, out);
    else
        codec_check(codec, false);
}

static uint64_t ledger_read_life(struct codec *codec, uint64_t life)
{
    codec_check(codec, life % 2 == 1);
    return codec_counter(codec, life, 1);
}

static void ledger_read_epoch(struct codec *codec, const Katydid__Ledger__Epoch *in, struct ledger_epoch *out)
{
    out->number = codec_counter(codec, in->number, 0);
    codec_id_or_zero(codec, in->node, out->node.b, sizeof out->node.b);
}

static void ledger_read_occurrence(struct codec *codec, const Katydid__Ledger__Occurrence *in,
                                   struct ledger_occurrence *out)
{
    codec_check(codec, in != NULL);
    if (!in)
        return;
    ledger_read_job(codec, in->job, out->job);
    out->life = ledger_read_life(codec, in->life);
    out->schedule_version = codec_counter(codec, in->schedule_version, 0);
    out->trigger = (uint16_t)codec_number(codec, in->trigger, 0, UINT16_MAX);
    codec_id_or_zero(codec, in->target, out->target.b, sizeof out->target.b);
    out->due_ms = codec_instant(codec, in->due_ms);
    codec_id_or_zero(codec, in->cause, out->cause.b, sizeof out->cause.b);
    // One occurrence, one id: what an order ran once has no due time.
    codec_check(codec, out->trigger != UINT16_MAX || out->due_ms == 0);
}

// How many due times an item covers: 0 is read as 1; more need a step and have no cause in their place.
static uint32_t ledger_read_count(struct codec *codec, const struct ledger_occurrence *first, uint32_t count,
                                  uint64_t step_ms)
{
    if (count <= 1)
        return 1;
    codec_check(codec, hash_is_zero(&first->cause));
    codec_number(codec, step_ms, 1, LIMIT_PERIOD_MS_MAX);
    codec_number(codec, count, 1, LIMIT_CLAIM_COUNT_MAX);
    if (!codec->failed)
        codec_instant(codec, first->due_ms + (int64_t)(step_ms * (count - 1)));
    return count;
}

static void ledger_read_claim(struct codec *codec, const Katydid__Ledger__Claim *in, struct ledger_claim *out)
{
    ledger_read_occurrence(codec, in->occurrence, &out->occurrence);
    codec_id(codec, in->run, out->run.b, sizeof out->run.b);
    codec_id(codec, in->executor, out->executor.b, sizeof out->executor.b);
    out->executor_generation = codec_counter(codec, in->executor_generation, 0);
    out->attempt = (uint32_t)codec_number(codec, in->attempt, 1, LIMIT_ATTEMPT_MAX);
    codec_check(codec, in->epoch != NULL);
    if (in->epoch)
        ledger_read_epoch(codec, in->epoch, &out->epoch);
    if (in->follows)
        ledger_read_epoch(codec, in->follows, &out->follows);
    codec_id(codec, in->definition, out->definition.b, sizeof out->definition.b);
    out->count = ledger_read_count(codec, &out->occurrence, in->count, in->step_ms);
    out->step_ms = codec_number(codec, in->step_ms, 0, LIMIT_PERIOD_MS_MAX);
    out->at_ms = codec_instant(codec, in->at_ms);
}

static void ledger_read_claims(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Ledger__Claims *in = message;
    struct ledger_list *list = ret;
    struct ledger_claim *claims = ledger_read_list(codec, list, in->n_items, sizeof *claims);
    for (size_t i = 0; i < list->count; i++)
        ledger_read_claim(codec, in->items[i], &claims[i]);
}

int ledger_claims_decode(struct bytes body, struct arena *arena, struct ledger_claim **ret_items,
                         size_t *ret_count)
{
    static const struct codec_message type = {.descriptor = &katydid__ledger__claims__descriptor,
                                              .size = sizeof(struct ledger_list),
                                              .read = ledger_read_claims};
    struct ledger_list list;
    int outcome = codec_decode(&type, body, arena, &list);
    if (outcome == 0) {
        *ret_items = list.items;
        *ret_count = list.count;
    }
    return outcome;
}

static Katydid__Ledger__Epoch *ledger_write_epoch(const struct ledger_epoch *epoch, struct arena *room)
{
    Katydid__Ledger__Epoch **out = codec_put_messages(room, &katydid__ledger__epoch__descriptor, 1);
    (*out)->number = epoch->number;
    (*out)->node = codec_put_id(epoch->node.b, sizeof epoch->node.b);
    return *out;
}

static Katydid__Ledger__Occurrence *ledger_write_occurrence(const struct ledger_occurrence *occurrence,
                                                            struct arena *room)
{
    Katydid__Ledger__Occurrence **out = codec_put_messages(room, &katydid__ledger__occurrence__descriptor, 1);
    (*out)->job = codec_put_text(occurrence->job);
    (*out)->life = occurrence->life;
    (*out)->schedule_version = occurrence->schedule_version;
    (*out)->trigger = occurrence->trigger;
    (*out)->target = codec_put_id(occurrence->target.b, sizeof occurrence->target.b);
    (*out)->due_ms = occurrence->due_ms;
    (*out)->cause = codec_put_id(occurrence->cause.b, sizeof occurrence->cause.b);
    return *out;
}

static void ledger_write_claim(const struct ledger_claim *in, struct arena *room, Katydid__Ledger__Claim *out)
{
    static const struct ledger_epoch none;
    out->occurrence = ledger_write_occurrence(&in->occurrence, room);
    out->run = codec_put(in->run.b, sizeof in->run.b);
    out->executor = codec_put(in->executor.b, sizeof in->executor.b);
    out->executor_generation = in->executor_generation;
    out->attempt = in->attempt;
    out->epoch = ledger_write_epoch(&in->epoch, room);
    if (ledger_epoch_compare(&in->follows, &none) != 0)
        out->follows = ledger_write_epoch(&in->follows, room);
    out->definition = codec_put(in->definition.b, sizeof in->definition.b);
    out->count = in->count > 1 ? in->count : 0;
    out->step_ms = in->step_ms;
    out->at_ms = in->at_ms;
}

void ledger_claims_encode(const struct ledger_claim *items, size_t count, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Ledger__Claims message = KATYDID__LEDGER__CLAIMS__INIT;
    message.n_items = count;
    message.items = codec_put_messages(&room, &katydid__ledger__claim__descriptor, count);
    for (size_t i = 0; i < count; i++)
        ledger_write_claim(&items[i], &room, message.items[i]);
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

// Whatever says more than "it ran and all was well" has an item of its own.
static void ledger_check_uneventful(struct codec *codec, const struct ledger_result *result)
{
    codec_check(codec, result->status == LEDGER_OK && result->exit_code == 0 && result->signal == 0);
    codec_check(codec, result->output_bytes == 0 && hash_is_zero(&result->log) && !result->reason[0]);
}

static const uint32_t *ledger_read_times(struct codec *codec, const uint32_t *in, size_t in_count,
                                         uint32_t range_count)
{
    size_t count = in_count;
    codec_check(codec, in_count == range_count - 1);
    uint32_t *times = codec_array(codec, &count, LIMIT_CLAIM_COUNT_MAX - 1, sizeof *times);
    for (size_t i = 0; i < count; i++)
        times[i] = in[i];
    return count ? times : NULL;
}

// When each run of a range started and ended: the first as every result says it, the others as distances.
static void ledger_read_range(struct codec *codec, const Katydid__Ledger__Result *in,
                              struct ledger_result *out)
{
    out->count = ledger_read_count(codec, &out->occurrence, in->count, in->step_ms);
    out->step_ms = codec_number(codec, in->step_ms, 0, LIMIT_PERIOD_MS_MAX);
    out->late_ms = ledger_read_times(codec, in->late_ms, in->n_late_ms, out->count);
    out->took_ms = ledger_read_times(codec, in->took_ms, in->n_took_ms, out->count);
    if (out->count == 1)
        return;
    ledger_check_uneventful(codec, out);
    for (uint32_t i = 1; !codec->failed && i < out->count; i++)
        codec_instant(codec, ledger_result_ended_ms(out, i));
}

static void ledger_read_result(struct codec *codec, const Katydid__Ledger__Result *in,
                               struct ledger_result *out)
{
    ledger_read_occurrence(codec, in->occurrence, &out->occurrence);
    codec_id(codec, in->run, out->run.b, sizeof out->run.b);
    out->attempt = (uint32_t)codec_number(codec, in->attempt, 1, LIMIT_ATTEMPT_MAX);
    out->status = (enum ledger_status)codec_number(codec, in->status, LEDGER_DENIED, LEDGER_OK);
    out->reason = codec_text(codec, in->reason, LIMIT_TEXT_SIZE_MAX);
    out->started_ms = codec_instant(codec, in->started_ms);
    out->ended_ms = codec_instant(codec, in->ended_ms);
    codec_check(codec, in->exit_code >= -1 && in->exit_code <= 255);
    out->exit_code = in->exit_code;
    codec_check(codec, in->signal >= 0 && in->signal <= 127);
    out->signal = in->signal;
    out->output_bytes = codec_counter(codec, in->output_size, 0);
    codec_id_or_zero(codec, in->log_hash, out->log.b, sizeof out->log.b);
    ledger_read_range(codec, in, out);
    out->generation = codec_counter(codec, in->generation, 0);
    codec_id(codec, in->definition, out->definition.b, sizeof out->definition.b);
}

static void ledger_read_results(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Ledger__Results *in = message;
    struct ledger_list *list = ret;
    struct ledger_result *results = ledger_read_list(codec, list, in->n_items, sizeof *results);
    for (size_t i = 0; i < list->count; i++)
        ledger_read_result(codec, in->items[i], &results[i]);
}

int ledger_results_decode(struct bytes body, struct arena *arena, struct ledger_result **ret_items,
                          size_t *ret_count)
{
    static const struct codec_message type = {.descriptor = &katydid__ledger__results__descriptor,
                                              .size = sizeof(struct ledger_list),
                                              .read = ledger_read_results};
    struct ledger_list list;
    int outcome = codec_decode(&type, body, arena, &list);
    if (outcome == 0) {
        *ret_items = list.items;
        *ret_count = list.count;
    }
    return outcome;
}

static void ledger_write_result(const struct ledger_result *in, struct arena *room,
                                Katydid__Ledger__Result *out)
{
    out->occurrence = ledger_write_occurrence(&in->occurrence, room);
    out->run = codec_put(in->run.b, sizeof in->run.b);
    out->attempt = in->attempt;
    out->status = (uint32_t)in->status;
    out->reason = codec_put_text(in->reason);
    out->started_ms = in->started_ms;
    out->ended_ms = in->ended_ms;
    out->exit_code = in->exit_code;
    out->signal = in->signal;
    out->output_size = in->output_bytes;
    out->log_hash = codec_put_id(in->log.b, sizeof in->log.b);
    out->count = in->count > 1 ? in->count : 0;
    out->step_ms = in->step_ms;
    out->n_late_ms = out->n_took_ms = in->count > 1 ? in->count - 1 : 0;
    out->late_ms = (uint32_t *)(uintptr_t)in->late_ms; // packing only reads
    out->took_ms = (uint32_t *)(uintptr_t)in->took_ms;
    out->generation = in->generation;
    out->definition = codec_put(in->definition.b, sizeof in->definition.b);
}

void ledger_results_encode(const struct ledger_result *items, size_t count, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Ledger__Results message = KATYDID__LEDGER__RESULTS__INIT;
    message.n_items = count;
    message.items = codec_put_messages(&room, &katydid__ledger__result__descriptor, count);
    for (size_t i = 0; i < count; i++)
        ledger_write_result(&items[i], &room, message.items[i]);
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

// A stretch holds no more due times than it has milliseconds.
static void ledger_read_stretch(struct codec *codec, const Katydid__Ledger__Verdict *in,
                                struct ledger_verdict *out)
{
    out->last_due_ms = codec_instant(codec, in->last_due_ms);
    out->count = in->count > 1 ? in->count : 1;
    codec_check(codec, out->last_due_ms >= out->occurrence.due_ms);
    if (codec->failed) // so that the difference cannot overflow
        return;
    uint64_t length_ms = (uint64_t)(out->last_due_ms - out->occurrence.due_ms);
    codec_check(codec, (out->count == 1) == (length_ms == 0) && out->count - 1 <= length_ms);
    codec_check(codec, out->count == 1 || hash_is_zero(&out->occurrence.cause));
}

static void ledger_read_verdict(struct codec *codec, const Katydid__Ledger__Verdict *in,
                                struct ledger_verdict *out)
{
    ledger_read_occurrence(codec, in->occurrence, &out->occurrence);
    ledger_read_stretch(codec, in, out);
    out->status = (enum ledger_status)codec_number(codec, in->status, LEDGER_DENIED, LEDGER_CANCELLED);
    out->reason = codec_text(codec, in->reason, LIMIT_TEXT_SIZE_MAX);
    out->at_ms = codec_instant(codec, in->at_ms);
}

static void ledger_read_verdicts(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Ledger__Verdicts *in = message;
    struct ledger_list *list = ret;
    struct ledger_verdict *verdicts = ledger_read_list(codec, list, in->n_items, sizeof *verdicts);
    for (size_t i = 0; i < list->count; i++)
        ledger_read_verdict(codec, in->items[i], &verdicts[i]);
}

int ledger_verdicts_decode(struct bytes body, struct arena *arena, struct ledger_verdict **ret_items,
                           size_t *ret_count)
{
    static const struct codec_message type = {.descriptor = &katydid__ledger__verdicts__descriptor,
                                              .size = sizeof(struct ledger_list),
                                              .read = ledger_read_verdicts};
    struct ledger_list list;
    int outcome = codec_decode(&type, body, arena, &list);
    if (outcome == 0) {
        *ret_items = list.items;
        *ret_count = list.count;
    }
    return outcome;
}

void ledger_verdicts_encode(const struct ledger_verdict *items, size_t count, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Ledger__Verdicts message = KATYDID__LEDGER__VERDICTS__INIT;
    message.n_items = count;
    message.items = codec_put_messages(&room, &katydid__ledger__verdict__descriptor, count);
    for (size_t i = 0; i < count; i++) {
        message.items[i]->occurrence = ledger_write_occurrence(&items[i].occurrence, &room);
        message.items[i]->last_due_ms = items[i].last_due_ms;
        message.items[i]->count = items[i].count > 1 ? items[i].count : 0;
        message.items[i]->status = (uint32_t)items[i].status;
        message.items[i]->reason = codec_put_text(items[i].reason);
        message.items[i]->at_ms = items[i].at_ms;
    }
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static void ledger_read_cursor(struct codec *codec, const Katydid__Ledger__Cursor *in,
                               struct ledger_cursor *out)
{
    ledger_read_job(codec, in->job, out->job);
    out->life = ledger_read_life(codec, in->life);
    out->schedule_version = codec_counter(codec, in->schedule_version, 0);
    out->trigger = (uint16_t)codec_number(codec, in->trigger, 0, UINT16_MAX);
    codec_id_or_zero(codec, in->target, out->target.b, sizeof out->target.b);
    out->decided_ms = codec_instant(codec, in->decided_ms);
    codec_check(codec, in->epoch != NULL);
    if (in->epoch)
        ledger_read_epoch(codec, in->epoch, &out->epoch);
}

static void ledger_read_cursors(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Ledger__Cursors *in = message;
    struct ledger_list *list = ret;
    struct ledger_cursor *cursors = ledger_read_list(codec, list, in->n_items, sizeof *cursors);
    for (size_t i = 0; i < list->count; i++)
        ledger_read_cursor(codec, in->items[i], &cursors[i]);
}

int ledger_cursors_decode(struct bytes body, struct arena *arena, struct ledger_cursor **ret_items,
                          size_t *ret_count)
{
    static const struct codec_message type = {.descriptor = &katydid__ledger__cursors__descriptor,
                                              .size = sizeof(struct ledger_list),
                                              .read = ledger_read_cursors};
    struct ledger_list list;
    int outcome = codec_decode(&type, body, arena, &list);
    if (outcome == 0) {
        *ret_items = list.items;
        *ret_count = list.count;
    }
    return outcome;
}

void ledger_cursors_encode(const struct ledger_cursor *items, size_t count, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Ledger__Cursors message = KATYDID__LEDGER__CURSORS__INIT;
    message.n_items = count;
    message.items = codec_put_messages(&room, &katydid__ledger__cursor__descriptor, count);
    for (size_t i = 0; i < count; i++) {
        message.items[i]->job = codec_put_text(items[i].job);
        message.items[i]->life = items[i].life;
        message.items[i]->schedule_version = items[i].schedule_version;
        message.items[i]->trigger = items[i].trigger;
        message.items[i]->target = codec_put_id(items[i].target.b, sizeof items[i].target.b);
        message.items[i]->decided_ms = items[i].decided_ms;
        message.items[i]->epoch = ledger_write_epoch(&items[i].epoch, &room);
    }
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static void ledger_read_segment(struct codec *codec, const Katydid__Ledger__Segment *in,
                                struct ledger_segment *out)
{
    codec_id(codec, in->run, out->run.b, sizeof out->run.b);
    out->index = in->index;
    codec_id_or_zero(codec, in->previous, out->previous.b, sizeof out->previous.b);
    codec_id(codec, in->hash, out->hash.b, sizeof out->hash.b);
    out->offset = codec_counter(codec, in->offset, 0);
    out->stream = (uint8_t)codec_number(codec, in->stream, 0, 2);
    out->at_ms = codec_instant(codec, in->at_ms);
    out->data = codec_bytes(codec, in->data, LIMIT_LOG_SEGMENT_SIZE_MAX);
    struct hash hash = ledger_segment_hash(out);
    codec_check(codec, hash_equal(&hash, &out->hash));
}

static void ledger_read_segments(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Ledger__Segments *in = message;
    struct ledger_list *list = ret;
    struct ledger_segment *segments = ledger_read_list(codec, list, in->n_items, sizeof *segments);
    for (size_t i = 0; i < list->count; i++)
        ledger_read_segment(codec, in->items[i], &segments[i]);
}

int ledger_segments_decode(struct bytes body, struct arena *arena, struct ledger_segment **ret_items,
                           size_t *ret_count)
{
    static const struct codec_message type = {.descriptor = &katydid__ledger__segments__descriptor,
                                              .size = sizeof(struct ledger_list),
                                              .read = ledger_read_segments};
    struct ledger_list list;
    int outcome = codec_decode(&type, body, arena, &list);
    if (outcome == 0) {
        *ret_items = list.items;
        *ret_count = list.count;
    }
    return outcome;
}

void ledger_segments_encode(const struct ledger_segment *items, size_t count, struct buffer *out)
{
    struct arena room = {0};
    Katydid__Ledger__Segments message = KATYDID__LEDGER__SEGMENTS__INIT;
    message.n_items = count;
    message.items = codec_put_messages(&room, &katydid__ledger__segment__descriptor, count);
    for (size_t i = 0; i < count; i++) {
        message.items[i]->run = codec_put(items[i].run.b, sizeof items[i].run.b);
        message.items[i]->index = items[i].index;
        message.items[i]->previous = codec_put_id(items[i].previous.b, sizeof items[i].previous.b);
        message.items[i]->hash = codec_put(items[i].hash.b, sizeof items[i].hash.b);
        message.items[i]->offset = items[i].offset;
        message.items[i]->stream = items[i].stream;
        message.items[i]->at_ms = items[i].at_ms;
        message.items[i]->data = codec_put(items[i].data.data, items[i].data.size);
    }
    codec_pack(&message.base, out);
    arena_deinit(&room);
}
