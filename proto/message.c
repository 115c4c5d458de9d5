#include "proto/message.h"

#include "proto/limits.h"

#include <string.h>

static void add_bytes(struct buffer *out, struct bytes bytes)
{
    buffer_add_u32(out, (uint32_t)bytes.size);
    buffer_add(out, bytes.data, bytes.size);
}

static struct bytes read_bytes(struct reader *reader)
{
    uint32_t size = reader_u32(reader);
    return reader_bytes(reader, size);
}

// A text of at most room - 1 bytes without zeroes, checked as valid text.
static bool read_text(struct reader *reader, char *out, size_t room)
{
    struct bytes text = read_bytes(reader);
    if (reader->failed || text.size >= room || !name_is_text(text, room - 1))
        return false;
    if (text.size)
        memcpy(out, text.data, text.size);
    out[text.size] = 0;
    return true;
}

static bool read_job(struct reader *reader, char out[NAME_JOB_ROOM])
{
    char namespace_name[NAME_ROOM], name[NAME_ROOM];
    return read_text(reader, out, NAME_JOB_ROOM) && strchr(out, '/') &&
           name_split_job(out, namespace_name, name);
}

static int finish(const struct reader *reader)
{
    return reader_is_done(reader) ? 0 : MESSAGE_MALFORMED;
}

static bool is_full(const struct buffer *out, size_t body_start, size_t item_size)
{
    return out->size - body_start + item_size > LIMIT_STREAM_FRAME_SIZE_MAX;
}

static void write_count(struct buffer *out, size_t at, size_t count)
{
    for (size_t i = 0; i < 4; i++)
        out->data[at + i] = (uint8_t)(count >> (8 * i));
}

static int read_list(struct reader *reader, struct arena *arena, struct message_list *ret)
{
    uint32_t count = reader_u32(reader);
    if (count > MESSAGE_LIST_MAX || count > reader->rest.size / 4)
        return MESSAGE_MALFORMED;
    arena_allow(arena, count * sizeof(struct bytes));
    struct bytes *items = arena_take(arena, count ? count : 1, sizeof *items);
    if (!items)
        return MESSAGE_MALFORMED;
    for (uint32_t i = 0; i < count; i++)
        items[i] = read_bytes(reader);
    *ret = (struct message_list){items, count};
    return 0;
}

int message_list_decode(struct bytes body, struct arena *arena, struct message_list *ret)
{
    struct reader reader;
    struct message_list list;
    reader_init(&reader, body);
    arena_allow(arena, body.size);
    if (read_list(&reader, arena, &list) || !reader_is_done(&reader))
        return MESSAGE_MALFORMED;
    *ret = list;
    return 0;
}

size_t message_list_encode(const struct bytes *items, size_t count, struct buffer *out)
{
    size_t start = out->size, written = 0;
    buffer_add_u32(out, 0);
    for (; written < MIN_OF(count, (size_t)MESSAGE_LIST_MAX); written++) {
        if (written && is_full(out, start, 4 + items[written].size))
            break;
        add_bytes(out, items[written]);
    }
    write_count(out, start, written);
    return written;
}

int message_ids_decode(struct bytes body, const struct hash **ret_ids, size_t *ret_count)
{
    if (body.size % HASH_SIZE || body.size / HASH_SIZE > MESSAGE_LIST_MAX)
        return MESSAGE_MALFORMED;
    *ret_ids = (const struct hash *)body.data;
    *ret_count = body.size / HASH_SIZE;
    return 0;
}

static int read_compare_job(struct reader *reader, struct message_compare_job *ret)
{
    ret->index = reader_u16(reader);
    reader_copy(reader, ret->digest, sizeof ret->digest);
    return ret->index < LIMIT_COMPARED_JOB_COUNT_MAX && read_job(reader, ret->job) ? 0 : MESSAGE_MALFORMED;
}

int message_compare_decode(struct bytes body, struct arena *arena, struct message_compare *ret)
{
    struct reader reader;
    reader_init(&reader, body);
    uint64_t number = reader_u64(&reader);
    uint16_t count = reader_u16(&reader);
    if (reader.failed || count > LIMIT_COMPARED_JOB_COUNT_MAX)
        return MESSAGE_MALFORMED;
    arena_allow(arena, count * sizeof(struct message_compare_job));
    struct message_compare_job *jobs = arena_take(arena, count ? count : 1, sizeof *jobs);
    if (!jobs)
        return MESSAGE_MALFORMED;
    for (size_t i = 0; i < count; i++)
        if (read_compare_job(&reader, &jobs[i]))
            return MESSAGE_MALFORMED;
    *ret = (struct message_compare){number, jobs, count};
    return finish(&reader);
}

void message_compare_encode(const struct message_compare *compare, struct buffer *out)
{
    buffer_add_u64(out, compare->number);
    buffer_add_u16(out, (uint16_t)compare->count);
    for (size_t i = 0; i < compare->count; i++) {
        const struct message_compare_job *job = &compare->jobs[i];
        buffer_add_u16(out, job->index);
        buffer_add(out, job->digest, sizeof job->digest);
        add_bytes(out, bytes_of_text(job->job));
    }
}

int message_compared_decode(struct bytes body, struct message_compared *ret)
{
    struct reader reader;
    reader_init(&reader, body);
    ret->number = reader_u64(&reader);
    ret->count = reader.rest.size / 2;
    if (reader.failed || ret->count > LIMIT_COMPARED_JOB_COUNT_MAX)
        return MESSAGE_MALFORMED;
    for (size_t i = 0; i < ret->count; i++)
        ret->differing[i] = reader_u16(&reader);
    return finish(&reader);
}

int message_detour_decode(struct bytes body, struct message_detour *ret)
{
    struct reader reader;
    reader_init(&reader, body);
    reader_copy(&reader, ret->to.b, sizeof ret->to.b);
    reader_copy(&reader, ret->from.b, sizeof ret->from.b);
    ret->channel = reader_u64(&reader);
    uint8_t is_caller = reader_u8(&reader);
    if (reader.failed || is_caller > 1 || reader.rest.size > MESSAGE_DETOUR_SIZE_MAX)
        return MESSAGE_MALFORMED;
    ret->is_caller = is_caller;
    ret->bytes = reader.rest;
    return 0;
}

void message_detour_encode(const struct message_detour *detour, struct buffer *out)
{
    buffer_add(out, detour->to.b, sizeof detour->to.b);
    buffer_add(out, detour->from.b, sizeof detour->from.b);
    buffer_add_u64(out, detour->channel);
    buffer_add_u8(out, detour->is_caller);
    buffer_add(out, detour->bytes.data, detour->bytes.size);
}

void message_compared_encode(const struct message_compared *compared, struct buffer *out)
{
    buffer_add_u64(out, compared->number);
    for (size_t i = 0; i < compared->count; i++)
        buffer_add_u16(out, compared->differing[i]);
}

int message_offer_decode(struct bytes body, struct message_offer *ret)
{
    struct reader reader;
    reader_init(&reader, body);
    uint64_t number = reader_u64(&reader);
    if (reader.failed || message_ids_decode(reader.rest, &ret->ids, &ret->count))
        return MESSAGE_MALFORMED;
    ret->number = number;
    return 0;
}

void message_offer_encode(const struct message_offer *offer, struct buffer *out)
{
    buffer_add_u64(out, offer->number);
    buffer_add(out, offer->ids, offer->count * HASH_SIZE);
}

enum {
    TAKE_JOB_SIZE_MIN = 4 + 3 + 8 + 8 + 8 + 1,
    TAKEN_JOB_SIZE_MIN = 4 + 3 + 8 + 8 + 8 + 2 * NODE_ID_SIZE + 4 + 4,
    CURSOR_SIZE = 8 + 2 + 8,
};

static int read_take_job(struct reader *reader, struct message_take_job *ret)
{
    if (!read_job(reader, ret->job))
        return MESSAGE_MALFORMED;
    ret->life = reader_u64(reader);
    ret->epoch_number = reader_u64(reader);
    ret->decided_ms = (int64_t)reader_u64(reader);
    ret->open_count = reader_u8(reader);
    if (ret->open_count > COUNT_OF(ret->open))
        return MESSAGE_MALFORMED;
    for (size_t i = 0; i < ret->open_count; i++) {
        ret->open[i].first_ms = (int64_t)reader_u64(reader);
        ret->open[i].last_ms = (int64_t)reader_u64(reader);
    }
    return 0;
}

int message_take_decode(struct bytes body, struct arena *arena, struct message_take *ret)
{
    struct reader reader;
    reader_init(&reader, body);
    uint32_t count = reader_u32(&reader);
    if (count == 0 || count > MESSAGE_LIST_MAX || count > body.size / TAKE_JOB_SIZE_MIN)
        return MESSAGE_MALFORMED;
    arena_allow(arena, count * sizeof(struct message_take_job));
    struct message_take_job *jobs = arena_take(arena, count, sizeof *jobs);
    if (!jobs)
        return MESSAGE_MALFORMED;
    for (uint32_t i = 0; i < count; i++)
        if (read_take_job(&reader, &jobs[i]))
            return MESSAGE_MALFORMED;
    *ret = (struct message_take){jobs, count};
    return finish(&reader);
}

static void add_take_job(const struct message_take_job *job, struct buffer *out)
{
    add_bytes(out, bytes_of_text(job->job));
    buffer_add_u64(out, job->life);
    buffer_add_u64(out, job->epoch_number);
    buffer_add_u64(out, (uint64_t)job->decided_ms);
    buffer_add_u8(out, (uint8_t)job->open_count);
    for (size_t i = 0; i < job->open_count; i++) {
        buffer_add_u64(out, (uint64_t)job->open[i].first_ms);
        buffer_add_u64(out, (uint64_t)job->open[i].last_ms);
    }
}

size_t message_take_encode(const struct message_take_job *jobs, size_t count, struct buffer *out)
{
    size_t start = out->size, written = 0;
    buffer_add_u32(out, 0);
    for (; written < MIN_OF(count, (size_t)MESSAGE_LIST_MAX); written++) {
        const struct message_take_job *job = &jobs[written];
        size_t size = TAKE_JOB_SIZE_MIN + strlen(job->job) + job->open_count * sizeof job->open[0];
        if (is_full(out, start, size))
            break;
        add_take_job(job, out);
    }
    write_count(out, start, written);
    return written;
}

static int read_cursors(struct reader *reader, struct arena *arena, struct message_taken_job *ret)
{
    uint32_t count = reader_u32(reader);
    if (count > LIMIT_TRIGGER_COUNT_MAX)
        return MESSAGE_MALFORMED;
    struct message_cursor *cursors = arena_take(arena, count ? count : 1, sizeof *cursors);
    if (!cursors)
        return MESSAGE_MALFORMED;
    for (uint32_t i = 0; i < count; i++) {
        cursors[i].schedule_version = reader_u64(reader);
        cursors[i].trigger = reader_u16(reader);
        cursors[i].decided_ms = (int64_t)reader_u64(reader);
    }
    ret->cursors = cursors;
    ret->cursor_count = count;
    return 0;
}

static struct run_id *read_runs(struct reader *reader, struct arena *arena, size_t *ret_count)
{
    uint32_t count = reader_u32(reader);
    if (count > LIMIT_RUNNING_COUNT_MAX || count > reader->rest.size / RUN_ID_SIZE)
        return NULL;
    struct run_id *runs = arena_take(arena, count ? count : 1, sizeof *runs);
    for (uint32_t i = 0; runs && i < count; i++)
        reader_copy(reader, runs[i].b, sizeof runs[i].b);
    *ret_count = count;
    return runs;
}

static int read_taken_job(struct reader *reader, struct arena *arena, struct message_taken_job *ret)
{
    if (!read_job(reader, ret->job))
        return MESSAGE_MALFORMED;
    ret->life = reader_u64(reader);
    ret->asked_number = reader_u64(reader);
    ret->epoch_number = reader_u64(reader);
    reader_copy(reader, ret->epoch_node.b, sizeof ret->epoch_node.b);
    reader_copy(reader, ret->previous_owner.b, sizeof ret->previous_owner.b);
    if (read_cursors(reader, arena, ret))
        return MESSAGE_MALFORMED;
    ret->running = read_runs(reader, arena, &ret->running_count);
    return ret->running ? 0 : MESSAGE_MALFORMED;
}

int message_taken_decode(struct bytes body, struct arena *arena, struct message_taken *ret)
{
    struct reader reader;
    reader_init(&reader, body);
    uint32_t count = reader_u32(&reader);
    if (count == 0 || count > MESSAGE_LIST_MAX || count > body.size / TAKEN_JOB_SIZE_MIN)
        return MESSAGE_MALFORMED;
    arena_allow(arena, body.size + count * sizeof(struct message_taken_job));
    struct message_taken_job *jobs = arena_take(arena, count, sizeof *jobs);
    if (!jobs)
        return MESSAGE_MALFORMED;
    for (uint32_t i = 0; i < count; i++)
        if (read_taken_job(&reader, arena, &jobs[i]))
            return MESSAGE_MALFORMED;
    *ret = (struct message_taken){jobs, count};
    return finish(&reader);
}

static void add_taken_job(const struct message_taken_job *job, struct buffer *out)
{
    add_bytes(out, bytes_of_text(job->job));
    buffer_add_u64(out, job->life);
    buffer_add_u64(out, job->asked_number);
    buffer_add_u64(out, job->epoch_number);
    buffer_add(out, job->epoch_node.b, sizeof job->epoch_node.b);
    buffer_add(out, job->previous_owner.b, sizeof job->previous_owner.b);
    buffer_add_u32(out, (uint32_t)job->cursor_count);
    for (size_t i = 0; i < job->cursor_count; i++) {
        buffer_add_u64(out, job->cursors[i].schedule_version);
        buffer_add_u16(out, job->cursors[i].trigger);
        buffer_add_u64(out, (uint64_t)job->cursors[i].decided_ms);
    }
    buffer_add_u32(out, (uint32_t)job->running_count);
    for (size_t i = 0; i < job->running_count; i++)
        buffer_add(out, job->running[i].b, sizeof job->running[i].b);
}

size_t message_taken_encode(const struct message_taken_job *jobs, size_t count, struct buffer *out)
{
    size_t start = out->size, written = 0;
    buffer_add_u32(out, 0);
    for (; written < MIN_OF(count, (size_t)MESSAGE_LIST_MAX); written++) {
        const struct message_taken_job *job = &jobs[written];
        size_t size = TAKEN_JOB_SIZE_MIN + strlen(job->job) + job->cursor_count * CURSOR_SIZE +
                      job->running_count * RUN_ID_SIZE;
        if (is_full(out, start, size))
            break;
        add_taken_job(job, out);
    }
    write_count(out, start, written);
    return written;
}

int message_ask_decode(struct bytes body, struct message_ask *ret)
{
    struct reader reader;
    struct message_ask ask = {0};
    reader_init(&reader, body);
    ask.number = reader_u64(&reader);
    ask.kind = reader_u8(&reader);
    if (!read_text(&reader, ask.job, sizeof ask.job) ||
        !read_text(&reader, ask.run_prefix, sizeof ask.run_prefix))
        return MESSAGE_MALFORMED;
    reader_copy(&reader, ask.run.b, sizeof ask.run.b);
    reader_copy(&reader, ask.cause.b, sizeof ask.cause.b);
    ask.from = reader_u32(&reader);
    ask.since_ms = (int64_t)reader_u64(&reader);
    ask.until_ms = (int64_t)reader_u64(&reader);
    ask.limit = reader_u32(&reader);
    ask.failed = reader_u8(&reader) != 0;
    if (!reader_is_done(&reader))
        return MESSAGE_MALFORMED;
    *ret = ask;
    return 0;
}

void message_ask_encode(const struct message_ask *ask, struct buffer *out)
{
    buffer_add_u64(out, ask->number);
    buffer_add_u8(out, ask->kind);
    add_bytes(out, bytes_of_text(ask->job));
    add_bytes(out, bytes_of_text(ask->run_prefix));
    buffer_add(out, ask->run.b, sizeof ask->run.b);
    buffer_add(out, ask->cause.b, sizeof ask->cause.b);
    buffer_add_u32(out, ask->from);
    buffer_add_u64(out, (uint64_t)ask->since_ms);
    buffer_add_u64(out, (uint64_t)ask->until_ms);
    buffer_add_u32(out, ask->limit);
    buffer_add_u8(out, ask->failed);
}

static int read_story(struct reader *reader, struct arena *arena, struct message_story *ret)
{
    char what[LIMIT_TEXT_SIZE_MAX + 1];
    if (!read_text(reader, ret->job, sizeof ret->job))
        return MESSAGE_MALFORMED;
    reader_copy(reader, ret->occurrence.b, sizeof ret->occurrence.b);
    ret->stamp = reader_u64(reader);
    reader_copy(reader, ret->node.b, sizeof ret->node.b);
    if (!read_text(reader, what, sizeof what))
        return MESSAGE_MALFORMED;
    ret->what = arena_text(arena, bytes_of_text(what));
    return ret->what ? 0 : MESSAGE_MALFORMED;
}

enum { STORY_SIZE_MIN = 4 + HASH_SIZE + 8 + NODE_ID_SIZE + 4 };

static int read_stories(struct reader *reader, struct arena *arena, struct message_told *ret)
{
    uint32_t count = reader_u32(reader);
    if (count > MESSAGE_LIST_MAX || count > reader->rest.size / STORY_SIZE_MIN)
        return MESSAGE_MALFORMED;
    arena_allow(arena, count * sizeof *ret->stories);
    ret->stories = arena_take(arena, count ? count : 1, sizeof *ret->stories);
    if (!ret->stories)
        return MESSAGE_MALFORMED;
    for (; ret->story_count < count; ret->story_count++)
        if (read_story(reader, arena, &ret->stories[ret->story_count]))
            return MESSAGE_MALFORMED;
    return 0;
}

static int read_live(struct reader *reader, struct arena *arena, struct message_told *ret)
{
    ret->live = read_runs(reader, arena, &ret->live_count);
    int64_t *started =
        ret->live ? arena_take(arena, ret->live_count ? ret->live_count : 1, sizeof *started) : NULL;
    for (size_t i = 0; started && i < ret->live_count; i++)
        started[i] = (int64_t)reader_u64(reader);
    ret->live_started_ms = started;
    return started ? 0 : MESSAGE_MALFORMED;
}

int message_told_decode(struct bytes body, struct arena *arena, struct message_told *ret)
{
    struct reader reader;
    struct message_told told = {0};
    reader_init(&reader, body);
    arena_allow(arena, body.size);
    told.number = reader_u64(&reader);
    told.done = reader_u8(&reader) != 0;
    if (read_list(&reader, arena, &told.envelopes) || read_stories(&reader, arena, &told) ||
        read_live(&reader, arena, &told) || !reader_is_done(&reader))
        return MESSAGE_MALFORMED;
    *ret = told;
    return 0;
}

static void add_story(const struct message_story *story, struct buffer *out)
{
    add_bytes(out, bytes_of_text(story->job));
    buffer_add(out, story->occurrence.b, sizeof story->occurrence.b);
    buffer_add_u64(out, story->stamp);
    buffer_add(out, story->node.b, sizeof story->node.b);
    add_bytes(out, bytes_of_text(story->what));
}

void message_told_encode(const struct message_told *told, struct buffer *out)
{
    buffer_add_u64(out, told->number);
    buffer_add_u8(out, told->done);
    buffer_add_u32(out, (uint32_t)told->envelopes.count);
    for (size_t i = 0; i < told->envelopes.count; i++)
        add_bytes(out, told->envelopes.items[i]);
    buffer_add_u32(out, (uint32_t)told->story_count);
    for (size_t i = 0; i < told->story_count; i++)
        add_story(&told->stories[i], out);
    buffer_add_u32(out, (uint32_t)told->live_count);
    for (size_t i = 0; i < told->live_count; i++)
        buffer_add(out, told->live[i].b, sizeof told->live[i].b);
    for (size_t i = 0; i < told->live_count; i++)
        buffer_add_u64(out, (uint64_t)told->live_started_ms[i]);
}
