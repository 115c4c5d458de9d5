#include "proto/frame.h"

#include <string.h>

// A frame is its kind and then the parts of that kind, always in the order of this list. One table
// drives both directions, so an encoder and a decoder cannot disagree.
enum part {
    PART_RUN = 1 << 0,
    PART_START = 1 << 1,
    PART_RECORD = 1 << 2,
    PART_OK = 1 << 3,
    PART_RULE = 1 << 4,
    PART_REASON = 1 << 5,
    PART_PROCESS = 1 << 6, // pid, started
    PART_END = 1 << 7,
    PART_ACTION = 1 << 8,
    PART_NAME = 1 << 9,
    PART_HOST = 1 << 10, // boot id, confinement, root
    PART_BOOTTIME = 1 << 11,
    PART_DATA = 1 << 12, // the rest of the frame
    PART_ITEM = 1 << 13, // place, index
    PART_TAKEN = 1 << 14,
    PART_OFFSET = 1 << 15, // of the clock
};

static const unsigned PARTS[FRAME_KIND_COUNT] = {
    [FRAME_HELLO] = PART_NAME | PART_HOST,
    [FRAME_ZONE] = PART_NAME | PART_DATA,
    [FRAME_FLOOR] = PART_RECORD | PART_OK | PART_REASON,
    [FRAME_NEED] = PART_RECORD,
    [FRAME_STARTED] = PART_RUN | PART_START | PART_PROCESS,
    [FRAME_DENIED] = PART_RUN | PART_START | PART_RULE | PART_REASON,
    [FRAME_ENDED] = PART_RUN | PART_START | PART_REASON | PART_PROCESS | PART_END,
    [FRAME_HAPPENED] = PART_START | PART_NAME,
    [FRAME_WATCH] = PART_START | PART_REASON,
    [FRAME_RUNNING] = PART_RUN | PART_START | PART_PROCESS | PART_TAKEN,
    [FRAME_TAKEN] = PART_RUN | PART_TAKEN,
    [FRAME_RECORD] = PART_DATA,
    [FRAME_SHOW] = PART_RECORD | PART_ITEM | PART_DATA,
    [FRAME_START] = PART_START | PART_OFFSET,
    [FRAME_SIGNAL] = PART_RUN | PART_ACTION,
    [FRAME_ENDED_ACK] = PART_RUN,
    [FRAME_KEPT] = PART_RUN | PART_TAKEN,
    [FRAME_ZONE_WANT] = PART_NAME,
    [FRAME_RESUME] = PART_BOOTTIME,
    [FRAME_HEARTBEAT] = PART_OK,
};

enum {
    RULE_MAX = 8,
    SIGNAL_MAX = 127,
};

static bool read_bool(struct reader *reader, bool *ret)
{
    uint8_t value = reader_u8(reader);
    *ret = value == 1;
    return value <= 1;
}

static bool read_text(struct reader *reader, char *out, size_t room)
{
    size_t size = reader_u8(reader);
    if (size >= room || size > reader->rest.size)
        return false;
    reader_copy(reader, out, size);
    out[size] = '\0';
    return memchr(out, '\0', size) == NULL;
}

static void write_text(struct buffer *out, const char *text, size_t room)
{
    size_t size = strlen(text);
    assert(size < room);
    buffer_add_u8(out, (uint8_t)size);
    buffer_add(out, text, size);
}

static bool read_wall(struct reader *reader, int64_t *ret_ms)
{
    uint64_t value = reader_u64(reader);
    *ret_ms = (int64_t)value;
    return value <= (uint64_t)LIMIT_WALL_MS_MAX;
}

static bool read_start(struct reader *reader, struct frame_start *start)
{
    reader_copy(reader, start->definition.b, sizeof start->definition.b);
    start->trigger = reader_u16(reader);
    bool flag = read_bool(reader, &start->targeted);
    bool due = read_wall(reader, &start->due_ms);
    uint8_t cause = reader_u8(reader);
    start->cause = (enum frame_cause)cause;
    reader_copy(reader, start->cause_record.b, sizeof start->cause_record.b);
    start->member.change = reader_u8(reader);
    reader_copy(reader, start->member.node.b, sizeof start->member.node.b);
    start->member.generation = reader_u64(reader);
    start->member.incarnation = reader_u64(reader);
    start->attempt = reader_u16(reader);
    start->generation = reader_u64(reader);
    start->sent_boottime_ns = reader_u64(reader);
    bool trigger = start->trigger < LIMIT_TRIGGER_COUNT_MAX || start->trigger == FRAME_TRIGGER_ORDER;
    return flag && due && trigger && cause >= FRAME_SCHEDULED && cause < FRAME_CAUSE_COUNT &&
           start->attempt > 0;
}

static void write_start(struct buffer *out, const struct frame_start *start)
{
    buffer_add(out, start->definition.b, sizeof start->definition.b);
    buffer_add_u16(out, start->trigger);
    buffer_add_u8(out, start->targeted);
    buffer_add_u64(out, (uint64_t)start->due_ms);
    buffer_add_u8(out, (uint8_t)start->cause);
    buffer_add(out, start->cause_record.b, sizeof start->cause_record.b);
    buffer_add_u8(out, start->member.change);
    buffer_add(out, start->member.node.b, sizeof start->member.node.b);
    buffer_add_u64(out, start->member.generation);
    buffer_add_u64(out, start->member.incarnation);
    buffer_add_u16(out, start->attempt);
    buffer_add_u64(out, start->generation);
    buffer_add_u64(out, start->sent_boottime_ns);
}

static bool read_end(struct reader *reader, struct frame *frame)
{
    bool ended = read_wall(reader, &frame->ended_ms);
    uint8_t status = reader_u8(reader);
    frame->status = (enum ledger_status)status;
    frame->exit_code = (int32_t)reader_u32(reader);
    frame->signal = (int32_t)reader_u32(reader);
    frame->user_ms = reader_u64(reader);
    frame->system_ms = reader_u64(reader);
    frame->memory_bytes = reader_u64(reader);
    return ended && status >= LEDGER_LOST && status <= LEDGER_OK && frame->exit_code >= -1 &&
           frame->exit_code <= UINT8_MAX && frame->signal >= 0 && frame->signal <= SIGNAL_MAX;
}

static void write_end(struct buffer *out, const struct frame *frame)
{
    buffer_add_u64(out, (uint64_t)frame->ended_ms);
    buffer_add_u8(out, (uint8_t)frame->status);
    buffer_add_u32(out, (uint32_t)frame->exit_code);
    buffer_add_u32(out, (uint32_t)frame->signal);
    buffer_add_u64(out, frame->user_ms);
    buffer_add_u64(out, frame->system_ms);
    buffer_add_u64(out, frame->memory_bytes);
}

static bool read_host(struct reader *reader, struct frame *frame)
{
    reader_copy(reader, frame->boot, sizeof frame->boot);
    uint8_t confined = reader_u8(reader);
    frame->confined = (enum member_confined)confined;
    return read_bool(reader, &frame->is_root) && confined <= MEMBER_CONFINED_FULL;
}

static void write_host(struct buffer *out, const struct frame *frame)
{
    buffer_add(out, frame->boot, sizeof frame->boot);
    buffer_add_u8(out, (uint8_t)frame->confined);
    buffer_add_u8(out, frame->is_root);
}

static bool read_process(struct reader *reader, struct frame *frame)
{
    frame->pid = (int32_t)reader_u32(reader);
    return read_wall(reader, &frame->started_ms) && frame->pid >= 0;
}

static bool read_action(struct reader *reader, struct frame *frame)
{
    uint8_t action = reader_u8(reader);
    frame->action = (enum frame_signal)action;
    return action >= FRAME_TERM && action <= FRAME_CONTINUE;
}

static bool read_item(struct reader *reader, struct frame *frame)
{
    frame->place = reader_u8(reader);
    frame->index = reader_u16(reader);
    return frame->place < LIMIT_UPSTREAM_COUNT_MAX && frame->index < LIMIT_LEDGER_ITEM_COUNT_MAX;
}

static bool read_offset(struct reader *reader, struct frame_start *start)
{
    start->clock_offset_ms = (int64_t)reader_u64(reader);
    return start->clock_offset_ms >= -LIMIT_WALL_MS_MAX && start->clock_offset_ms <= LIMIT_WALL_MS_MAX;
}

static bool read_rule(struct reader *reader, struct frame *frame)
{
    frame->rule = reader_u8(reader);
    return frame->rule <= RULE_MAX;
}

static bool read_parts(struct reader *reader, unsigned parts, struct frame *frame)
{
    bool good = true;
    if (parts & PART_RUN)
        reader_copy(reader, frame->run.b, sizeof frame->run.b);
    if (parts & PART_START)
        good = read_start(reader, &frame->start);
    if (parts & PART_RECORD)
        reader_copy(reader, frame->record.b, sizeof frame->record.b);
    if (good && parts & PART_OK)
        good = read_bool(reader, &frame->ok);
    if (good && parts & PART_RULE)
        good = read_rule(reader, frame);
    if (good && parts & PART_REASON)
        good = read_text(reader, frame->reason, sizeof frame->reason);
    if (good && parts & PART_PROCESS)
        good = read_process(reader, frame);
    if (good && parts & PART_END)
        good = read_end(reader, frame);
    if (good && parts & PART_ACTION)
        good = read_action(reader, frame);
    if (good && parts & PART_NAME)
        good = read_text(reader, frame->name, sizeof frame->name);
    if (good && parts & PART_HOST)
        good = read_host(reader, frame);
    if (parts & PART_BOOTTIME)
        frame->boottime_ns = reader_u64(reader);
    if (good && parts & PART_ITEM)
        good = read_item(reader, frame);
    for (size_t i = 0; parts & PART_TAKEN && i < COUNT_OF(frame->taken); i++)
        frame->taken[i] = reader_u64(reader);
    if (good && parts & PART_OFFSET)
        good = read_offset(reader, &frame->start);
    if (parts & PART_DATA)
        frame->data = reader_bytes(reader, reader->rest.size);
    return good;
}

int frame_decode(struct bytes input, struct frame *ret_frame)
{
    struct reader reader;
    struct frame frame = {0};
    reader_init(&reader, input);
    uint8_t kind = reader_u8(&reader);
    if (input.size > LIMIT_RUNNER_FRAME_SIZE_MAX || kind == 0 || kind >= FRAME_KIND_COUNT)
        return FRAME_MALFORMED;
    frame.kind = (enum frame_kind)kind;
    if (!read_parts(&reader, PARTS[kind], &frame) || !reader_is_done(&reader))
        return FRAME_MALFORMED;
    *ret_frame = frame;
    return 0;
}

void frame_encode(const struct frame *frame, struct buffer *out)
{
    assert(frame->kind > 0 && frame->kind < FRAME_KIND_COUNT);
    unsigned parts = PARTS[frame->kind];
    buffer_add_u8(out, (uint8_t)frame->kind);
    if (parts & PART_RUN)
        buffer_add(out, frame->run.b, sizeof frame->run.b);
    if (parts & PART_START)
        write_start(out, &frame->start);
    if (parts & PART_RECORD)
        buffer_add(out, frame->record.b, sizeof frame->record.b);
    if (parts & PART_OK)
        buffer_add_u8(out, frame->ok);
    if (parts & PART_RULE)
        buffer_add_u8(out, frame->rule);
    if (parts & PART_REASON)
        write_text(out, frame->reason, sizeof frame->reason);
    if (parts & PART_PROCESS) {
        buffer_add_u32(out, (uint32_t)frame->pid);
        buffer_add_u64(out, (uint64_t)frame->started_ms);
    }
    if (parts & PART_END)
        write_end(out, frame);
    if (parts & PART_ACTION)
        buffer_add_u8(out, (uint8_t)frame->action);
    if (parts & PART_NAME)
        write_text(out, frame->name, sizeof frame->name);
    if (parts & PART_HOST)
        write_host(out, frame);
    if (parts & PART_BOOTTIME)
        buffer_add_u64(out, frame->boottime_ns);
    if (parts & PART_ITEM) {
        buffer_add_u8(out, frame->place);
        buffer_add_u16(out, frame->index);
    }
    for (size_t i = 0; parts & PART_TAKEN && i < COUNT_OF(frame->taken); i++)
        buffer_add_u64(out, frame->taken[i]);
    if (parts & PART_OFFSET)
        buffer_add_u64(out, (uint64_t)frame->start.clock_offset_ms);
    if (parts & PART_DATA)
        buffer_add(out, frame->data.data, frame->data.size);
}
