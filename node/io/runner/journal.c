#include "node/io/runner/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum mark {
    MARK_STARTED = 1,  // key, boot, started, start frame
    MARK_ENDED,        // ended frame
    MARK_ACKNOWLEDGED, // run
    MARK_SEEN,         // key, attempt, at: what is left of an acknowledged run
    MARK_WATERMARK,    // series, due
};

enum { COMPACT_SIZE_MIN = 512 * 1024 };

// The marks of a run as they stand in the file, to be written again when it is rewritten.
struct journal_open_run {
    struct run_id run;
    struct buffer started; // owned
    struct buffer ended;   // owned; empty: not ended
};

static void add_key(struct buffer *out, const struct seen_key *key)
{
    buffer_add(out, key->occurrence, sizeof key->occurrence);
    buffer_add_u64(out, key->series);
    buffer_add_u64(out, (uint64_t)key->due_ms);
}

static struct seen_key read_key(struct reader *reader)
{
    struct seen_key key;
    reader_copy(reader, key.occurrence, sizeof key.occurrence);
    key.series = reader_u64(reader);
    key.due_ms = (int64_t)reader_u64(reader);
    return key;
}

static struct journal_open_run *find_open(const struct journal *journal, const struct run_id *run)
{
    for (size_t i = journal->open_count; i > 0; i--)
        if (run_id_equal(&journal->open[i - 1].run, run))
            return &journal->open[i - 1];
    return NULL;
}

static struct journal_open_run *add_open(struct journal *journal, const struct run_id *run)
{
    void *array = journal->open;
    base_grow(&array, &journal->open_capacity, journal->open_count + 1, sizeof *journal->open);
    journal->open = array;
    struct journal_open_run *open = &journal->open[journal->open_count++];
    *open = (struct journal_open_run){.run = *run};
    return open;
}

static void remove_open(struct journal *journal, struct journal_open_run *open)
{
    buffer_deinit(&open->started);
    buffer_deinit(&open->ended);
    *open = journal->open[--journal->open_count];
}

struct started {
    struct seen_key key;
    struct journal_leftover leftover;
};

static bool read_started(struct bytes payload, struct started *ret)
{
    struct reader reader;
    reader_init(&reader, payload);
    (void)reader_u8(&reader);
    ret->key = read_key(&reader);
    reader_copy(&reader, ret->leftover.boot, sizeof ret->leftover.boot);
    return frame_decode(reader.rest, &ret->leftover.frame) == 0 && ret->leftover.frame.kind == FRAME_STARTED;
}

static bool read_ended(struct bytes payload, struct frame *ret)
{
    return frame_decode(bytes_of(payload.data + 1, payload.size - 1), ret) == 0 && ret->kind == FRAME_ENDED;
}

static void load_started(struct journal *journal, struct bytes payload)
{
    struct started started;
    if (!read_started(payload, &started))
        return;
    const struct frame *frame = &started.leftover.frame;
    bool noted = seen_add(&journal->seen, &started.key, frame->start.attempt, frame->started_ms);
    if (noted && !find_open(journal, &frame->run))
        buffer_add(&add_open(journal, &frame->run)->started, payload.data, payload.size);
}

static void load_ended(struct journal *journal, struct bytes payload)
{
    struct frame frame;
    if (!read_ended(payload, &frame))
        return;
    struct journal_open_run *open = find_open(journal, &frame.run);
    if (!open)
        open = add_open(journal, &frame.run); // its start was on a damaged page
    buffer_clear(&open->ended);
    buffer_add(&open->ended, payload.data, payload.size);
}

static void load_rest(struct journal *journal, enum mark mark, struct reader *reader)
{
    struct run_id run;
    if (mark == MARK_ACKNOWLEDGED) {
        reader_copy(reader, run.b, sizeof run.b);
        struct journal_open_run *open = reader_is_done(reader) ? find_open(journal, &run) : NULL;
        if (open)
            remove_open(journal, open);
    } else if (mark == MARK_SEEN) {
        struct seen_key key = read_key(reader);
        uint16_t attempt = reader_u16(reader);
        int64_t at_ms = (int64_t)reader_u64(reader);
        if (reader_is_done(reader) && attempt > 0)
            (void)!seen_add(&journal->seen, &key, attempt, at_ms); // it was within bounds when it was written
    } else if (mark == MARK_WATERMARK) {
        uint64_t series = reader_u64(reader);
        int64_t due_ms = (int64_t)reader_u64(reader);
        if (reader_is_done(reader))
            seen_add_watermark(&journal->seen, series, due_ms);
    }
}

static void load_mark(void *context, struct bytes payload)
{
    struct journal *journal = context;
    struct reader reader;
    reader_init(&reader, payload);
    enum mark mark = (enum mark)reader_u8(&reader);
    if (mark == MARK_STARTED)
        load_started(journal, payload);
    else if (mark == MARK_ENDED)
        load_ended(journal, payload);
    else
        load_rest(journal, mark, &reader);
}

static int write_seen(struct applog *fresh, const struct seen *seen)
{
    struct buffer out = {0};
    int r = 0;
    for (size_t i = 0; r == 0 && i < seen->watermark_count; i++) {
        buffer_clear(&out);
        buffer_add_u8(&out, MARK_WATERMARK);
        buffer_add_u64(&out, seen->watermarks[i].series);
        buffer_add_u64(&out, (uint64_t)seen->watermarks[i].due_ms);
        r = applog_append(fresh, buffer_view(&out));
    }
    for (size_t i = 0; r == 0 && i < seen->slot_count; i++) {
        const struct seen_entry *entry = &seen->slots[i];
        if (entry->attempt == 0)
            continue;
        buffer_clear(&out);
        buffer_add_u8(&out, MARK_SEEN);
        add_key(&out, &entry->key);
        buffer_add_u16(&out, entry->attempt);
        buffer_add_u64(&out, (uint64_t)entry->at_ms);
        r = applog_append(fresh, buffer_view(&out));
    }
    buffer_deinit(&out);
    return r;
}

static int write_fresh(void *context, struct applog *fresh)
{
    const struct journal *journal = context;
    int r = write_seen(fresh, &journal->seen);
    for (size_t i = 0; r == 0 && i < journal->open_count; i++) {
        const struct journal_open_run *open = &journal->open[i];
        if (open->started.size)
            r = applog_append(fresh, buffer_view(&open->started));
        if (r == 0 && open->ended.size)
            r = applog_append(fresh, buffer_view(&open->ended));
    }
    return r;
}

static int compact(struct journal *journal, int64_t wall_ms)
{
    seen_expire(&journal->seen, wall_ms);
    int r = applog_replace(&journal->log, write_fresh, journal);
    journal->compact_at_bytes = MAX_OF(journal->log.size_bytes * 3, (uint64_t)COMPACT_SIZE_MIN);
    return r;
}

static void tell_left(struct journal *journal, journal_left *left, void *context)
{
    for (size_t i = 0; i < journal->open_count; i++) {
        const struct journal_open_run *open = &journal->open[i];
        struct started started = {0};
        bool known = open->started.size && read_started(buffer_view(&open->started), &started);
        if (open->ended.size)
            known = read_ended(buffer_view(&open->ended), &started.leftover.frame);
        if (known)
            left(context, &started.leftover);
    }
}

int journal_open(struct journal *journal, int directory, int64_t wall_ms, journal_left *left, void *context)
{
    *journal = (struct journal){.log.fd = -1, .compact_at_bytes = COMPACT_SIZE_MIN};
    int r = applog_open(&journal->log, directory, "journal", load_mark, journal);
    // Without room for a new file the old one goes on, which is good and only longer.
    if (r == 0 && journal->log.size_bytes > COMPACT_SIZE_MIN)
        r = compact(journal, wall_ms);
    if (r == -ENOSPC)
        r = 0;
    if (r == 0)
        tell_left(journal, left, context);
    else
        journal_close(journal);
    return r;
}

void journal_close(struct journal *journal)
{
    while (journal->open_count)
        remove_open(journal, &journal->open[journal->open_count - 1]);
    free(journal->open);
    seen_deinit(&journal->seen);
    applog_close(&journal->log);
    *journal = (struct journal){.log = {.fd = -1, .failed = true}};
}

int journal_start(struct journal *journal, const struct journal_leftover *start, const struct seen_key *key)
{
    struct buffer out = {0};
    const struct frame *frame = &start->frame;
    assert(frame->kind == FRAME_STARTED);
    if (!seen_add(&journal->seen, key, frame->start.attempt, frame->started_ms))
        return JOURNAL_FULL;
    buffer_add_u8(&out, MARK_STARTED);
    add_key(&out, key);
    buffer_add(&out, start->boot, sizeof start->boot);
    frame_encode(frame, &out);
    int r = applog_append(&journal->log, buffer_view(&out));
    if (r == 0 && key->series == 0)
        r = applog_sync(&journal->log);
    if (r == 0)
        add_open(journal, &frame->run)->started = out;
    else
        buffer_deinit(&out);
    return r;
}

int journal_end(struct journal *journal, const struct frame *ended)
{
    struct buffer out = {0};
    struct journal_open_run *open = find_open(journal, &ended->run);
    assert(ended->kind == FRAME_ENDED && open);
    buffer_add_u8(&out, MARK_ENDED);
    frame_encode(ended, &out);
    int r = applog_append(&journal->log, buffer_view(&out));
    buffer_deinit(&open->ended);
    open->ended = out;
    return r;
}

int journal_acknowledge(struct journal *journal, const struct run_id *run)
{
    struct buffer out = {0};
    struct journal_open_run *open = find_open(journal, run);
    if (!open)
        return 0;
    remove_open(journal, open);
    buffer_add_u8(&out, MARK_ACKNOWLEDGED);
    buffer_add(&out, run->b, sizeof run->b);
    int r = applog_append(&journal->log, buffer_view(&out));
    buffer_deinit(&out);
    return r;
}

bool journal_is_unsynced(const struct journal *journal)
{
    return journal->log.unsynced;
}

int journal_sync(struct journal *journal, int64_t wall_ms)
{
    // A rewrite that found no room leaves the old file, which is good and only longer.
    if (journal->log.size_bytes > journal->compact_at_bytes && compact(journal, wall_ms) == 0)
        return 0;
    return applog_sync(&journal->log);
}
