#include "node/core/log.h"

#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct log_part {
    struct log_part *next;
    uint64_t offset;
    int64_t at_ms;
    uint8_t stream;
    size_t size;
    uint8_t data[LIMIT_LOG_SEGMENT_SIZE_MAX];
};

void log_init(struct log *log, const struct run_id *run, const char *job, uint64_t limit_bytes)
{
    *log = (struct log){.run = *run, .limit_bytes = limit_bytes ? limit_bytes : LIMIT_OUTPUT_SIZE_DEFAULT};
    snprintf(log->job, sizeof log->job, "%s", job);
}

static uint64_t drop_first(struct log *log)
{
    struct log_part *part = log->first;
    uint64_t size = part->size;
    log->first = part->next;
    if (!log->first)
        log->final = NULL;
    log->waiting_bytes -= size;
    free(part);
    return size;
}

void log_deinit(struct log *log)
{
    while (log->first)
        drop_first(log);
}

static void query_page(struct core *core, struct log *log)
{
    log->query = ++core->answers.query;
    const struct effect_query query = {.query = log->query,
                                       .kind = EFFECT_QUERY_SEGMENTS,
                                       .job = "",
                                       .run = log->run,
                                       .from = log->index,
                                       .limit = LOG_PAGE_COUNT};
    outbox_query(&core->outbox, &query);
}

void log_resume(struct core *core, struct log *log, const uint64_t taken[2])
{
    memcpy(log->told, taken, sizeof log->told);
    memcpy(log->heard, taken, sizeof log->heard);
    query_page(core, log);
}

void log_resume_row(struct log *log, const struct ledger_segment *segment)
{
    log->index = segment->index + 1;
    log->last = segment->hash;
    log->written_bytes += segment->data.size;
    if (segment->stream == 1 || segment->stream == 2) {
        // A jump is a middle that was dropped, most likely of the stream that goes on behind it.
        uint64_t jump = segment->offset > log->resumed_bytes ? segment->offset - log->resumed_bytes : 0;
        log->resumed[segment->stream - 1] += jump + segment->data.size;
    }
    log->resumed_bytes = MAX_OF(log->resumed_bytes, segment->offset + segment->data.size);
}

// What is on disk was heard again out of the pipes: cut off from the front of what waits, of each stream.
static void drop_resumed(struct log *log, uint64_t skip[2])
{
    uint64_t offset = log->resumed_bytes;
    struct log_part **link = &log->first;
    log->final = NULL;
    while (*link) {
        struct log_part *part = *link;
        size_t cut = (size_t)MIN_OF(skip[part->stream - 1], (uint64_t)part->size);
        skip[part->stream - 1] -= cut;
        log->waiting_bytes -= cut;
        part->size -= cut;
        memmove(part->data, part->data + cut, part->size);
        part->offset = offset;
        offset += part->size;
        if (part->size) {
            log->final = part;
            link = &part->next;
        } else {
            *link = part->next;
            free(part);
        }
    }
    log->offset = offset;
}

void log_resume_done(struct core *core, struct log *log, bool more)
{
    log->query = 0;
    if (more) {
        query_page(core, log);
        return;
    }
    uint64_t skip[2] = {0}, before = 0;
    for (size_t i = 0; i < COUNT_OF(skip); i++) {
        if (log->resumed[i] > log->told[i])
            skip[i] = log->resumed[i] - log->told[i];
        log->flushed[i] = MAX_OF(log->resumed[i], log->told[i]);
        log->heard[i] = MAX_OF(log->heard[i], log->flushed[i]);
        before += log->flushed[i];
    }
    // Out of the pipes and not on disk: it was given up with the process that heard it.
    log->resumed_bytes = MAX_OF(log->resumed_bytes, before);
    drop_resumed(log, skip);
}

static uint64_t head_bytes(const struct log *log)
{
    return MIN_OF((uint64_t)LIMIT_OUTPUT_HEAD_SIZE, log->limit_bytes / 2);
}

// True while everything said so far still fits beside a tail of the head's size.
static bool fits(const struct log *log)
{
    return log->offset == log->written_bytes + log->waiting_bytes &&
           log->offset + head_bytes(log) <= log->limit_bytes;
}

static void write_record(struct core *core, struct log *log, const struct ledger_segment *segments,
                         size_t count)
{
    struct buffer body = {0}, envelope = {0};
    ledger_segments_encode(segments, count, &body);
    struct record_id id = envelope_sign(&core->self.signer, ENVELOPE_SEGMENT, buffer_view(&body), &envelope);
    const struct effect_write write = {.kind = EFFECT_WRITE_SEGMENT,
                                       .class = EFFECT_WRITE_MUST,
                                       .record = id.hash,
                                       .record_kind = ENVELOPE_SEGMENT,
                                       .signer = core->self.id,
                                       .envelope = buffer_view(&envelope)};
    const char *job = log->job;
    log->ticket = outbox_write(&core->outbox, &write);
    keep_record(core, &id.hash, buffer_view(&envelope), &job, 1);
    buffer_deinit(&envelope);
    buffer_deinit(&body);
}

static void flush(struct core *core, struct log *log)
{
    log->flushed_ms = core->now_ms;
    while (log->first) {
        struct ledger_segment segments[LOG_RECORD_SEGMENT_COUNT];
        size_t count = 0;
        for (struct log_part *part = log->first; part && count < LOG_RECORD_SEGMENT_COUNT;
             part = part->next) {
            struct ledger_segment *segment = &segments[count++];
            *segment = (struct ledger_segment){.run = log->run,
                                               .index = log->index++,
                                               .previous = log->last,
                                               .offset = part->offset,
                                               .stream = part->stream,
                                               .at_ms = part->at_ms,
                                               .data = bytes_of(part->data, part->size)};
            segment->hash = log->last = ledger_segment_hash(segment);
        }
        write_record(core, log, segments, count);
        answer_log_grew(core, segments, count);
        for (size_t i = 0; i < count; i++)
            log->written_bytes += drop_first(log);
    }
    memcpy(log->flushed, log->heard, sizeof log->flushed);
}

static struct log_part *part_for(struct core *core, struct log *log, uint8_t stream)
{
    struct log_part *part = log->final;
    if (part && part->stream == stream && part->size < sizeof part->data &&
        core->wall_ms - part->at_ms < LOG_FLUSH_MS && part->offset + part->size == log->offset)
        return part;
    part = base_alloc(1, sizeof *part);
    *part = (struct log_part){.offset = log->offset, .at_ms = core->wall_ms, .stream = stream};
    if (log->final)
        log->final->next = part;
    else
        log->first = part;
    log->final = part;
    return part;
}

// What was heard before is heard again where a process was replaced; a hole was dropped by others.
static struct bytes hear(struct log *log, const struct event_output *output)
{
    uint64_t *heard = &log->heard[output->stream - 1];
    struct bytes data = output->data;
    uint64_t end = output->position + data.size;
    if (output->position > *heard)
        log->offset += output->position - *heard;
    else
        data = end > *heard ? bytes_of(data.data + (*heard - output->position), (size_t)(end - *heard))
                            : (struct bytes){0};
    *heard = MAX_OF(*heard, end);
    return data;
}

void log_add(struct core *core, struct log *log, const struct event_output *output)
{
    struct bytes data = {0};
    if (output->data.size)
        data = hear(log, output);
    while (data.size) {
        struct log_part *part = part_for(core, log, output->stream);
        size_t taken = MIN_OF(data.size, sizeof part->data - part->size);
        memcpy(part->data + part->size, data.data, taken);
        part->size += taken;
        log->offset += taken;
        log->waiting_bytes += taken;
        data = bytes_of(data.data + taken, data.size - taken);
        if (part->size == sizeof part->data && log_is_waiting(log))
            flush(core, log); // soon, for it fills the pipes until it is durable
        while (log->first != log->final && log->written_bytes + log->waiting_bytes > log->limit_bytes)
            drop_first(log);
    }
}

bool log_is_waiting(const struct log *log)
{
    return log->first && !log->query && (fits(log) || log->written_bytes < head_bytes(log));
}

void log_tick(struct core *core, struct log *log)
{
    if (log_is_waiting(log))
        flush(core, log);
}

static void find_kept(const struct core *core, const struct log *log, uint64_t kept[2])
{
    bool waits_in_memory = !fits(log) && log->written_bytes >= head_bytes(log);
    const uint64_t *until = log->told;
    bool is_known = !log->query; // what is on disk
    if (is_known && (waits_in_memory || core->storage == EVENT_STORAGE_FAILED))
        until = log->heard;
    else if (is_known && log->ticket <= core->settled_ticket)
        until = log->flushed;
    memcpy(kept, until, sizeof log->told);
}

static uint64_t count_kept(const struct core *core, const struct log *log, uint64_t kept[2])
{
    uint64_t count = 0;
    find_kept(core, log, kept);
    for (size_t i = 0; i < COUNT_OF(log->told); i++) {
        kept[i] = MAX_OF(kept[i], log->told[i]);
        count += kept[i] - log->told[i];
    }
    return count;
}

bool log_has_kept(const struct core *core, const struct log *log)
{
    uint64_t kept[2];
    return count_kept(core, log, kept) > 0;
}

void log_release(struct core *core, struct log *log, uint64_t least_bytes)
{
    struct frame frame = {.kind = FRAME_KEPT, .run = log->run};
    if (count_kept(core, log, frame.taken) < least_bytes)
        return;
    memcpy(log->told, frame.taken, sizeof log->told);
    outbox_frame(&core->outbox, &frame);
}

void log_finish(struct core *core, struct log *log)
{
    flush(core, log);
}
