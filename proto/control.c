#include "proto/control.h"

#include <string.h>

#include "proto/codec.h"
#include "proto/control.pb-c.h"

static struct bytes take_bytes(struct codec *codec, ProtobufCBinaryData in, size_t size_max)
{
    codec_check(codec, in.len <= size_max);
    uint8_t *copy = in.len && in.len <= size_max ? arena_take(codec->arena, in.len, 1) : NULL;
    codec_check(codec, copy || in.len == 0);
    if (copy)
        memcpy(copy, in.data, in.len);
    return bytes_of(copy, copy ? in.len : 0);
}

static const struct bytes *take_records(struct codec *codec, const ProtobufCBinaryData *in, size_t *count)
{
    struct bytes *records = codec_array(codec, count, CONTROL_RECORD_COUNT_MAX, sizeof *records);
    for (size_t i = 0; i < *count; i++) {
        codec_check(codec, in[i].len > 0);
        records[i] = take_bytes(codec, in[i], LIMIT_RECORD_SIZE_MAX);
    }
    return records;
}

static const char *take_text(struct codec *codec, ProtobufCBinaryData in)
{
    return codec_text(codec, in, LIMIT_TEXT_SIZE_MAX);
}

static const char *const *take_texts(struct codec *codec, const ProtobufCBinaryData *in, size_t *count)
{
    return codec_texts(codec, in, count, CONTROL_NAME_COUNT_MAX, LIMIT_TEXT_SIZE_MAX);
}

// "" or "namespace/name".
static const char *take_job(struct codec *codec, ProtobufCBinaryData in)
{
    char namespace_name[NAME_ROOM], name[NAME_ROOM];
    const char *text = take_text(codec, in);
    codec_check(codec, text[0] == '\0' || (strchr(text, '/') && name_split_job(text, namespace_name, name)));
    return text;
}

static unsigned take_enum(struct codec *codec, uint32_t value, uint32_t last)
{
    return (unsigned)codec_number(codec, value, 0, last);
}

static void read_labels(struct codec *codec, const Katydid__Control__Member *in, struct labels *out)
{
    size_t count = in->n_labels;
    struct label *items = codec_array(codec, &count, LIMIT_LABEL_COUNT_MAX, sizeof *items);
    for (size_t i = 0; i < count; i++)
        codec_label(codec, in->labels[i]->key, in->labels[i]->value, items, i);
    *out = (struct labels){items, count};
}

static void read_request(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Control__Request *in = message;
    struct control_request *out = ret;
    *out = (struct control_request){
        .kind = (enum control_request_kind)codec_number(codec, in->kind, CONTROL_STATUS, CONTROL_EMIT),
        .job = take_job(codec, in->job),
        .run = take_text(codec, in->run),
        .record_count = in->n_records,
        .since_ms = codec_instant(codec, in->since_ms),
        .at_ms = codec_instant(codec, in->at_ms),
        .limit = in->limit,
        .failed = in->failed,
        .duplicates = in->duplicates,
        .follow = in->follow,
        .undo = in->undo,
        .now = in->now,
        .erase = in->erase,
        .local = in->local,
        .name_count = in->n_names,
        .from_number = in->from_number,
    };
    out->records = take_records(codec, in->records, &out->record_count);
    out->names = take_texts(codec, in->names, &out->name_count);
}

int control_request_decode(struct bytes message, struct arena *arena, struct control_request *ret)
{
    static const struct codec_message TYPE = {
        .descriptor = &katydid__control__request__descriptor,
        .size = sizeof *ret,
        .read = read_request,
    };
    return message.size > LIMIT_CONTROL_FRAME_SIZE_MAX ? CONTROL_MALFORMED
                                                       : codec_decode(&TYPE, message, arena, ret);
}

static void read_status(struct codec *codec, const Katydid__Control__Status *in, struct control_status *out)
{
    *out = (struct control_status){
        .node_name = take_text(codec, in->node_name),
        .fleet_name = take_text(codec, in->fleet_name),
        .version = take_text(codec, in->version),
        .stamp = in->stamp,
        .wall_ms = in->wall_ms,
        .authority_number = in->authority_number,
        .members_alive = in->members_alive,
        .members_suspect = in->members_suspect,
        .members_dead = in->members_dead,
        .jobs = in->jobs,
        .jobs_paused = in->jobs_paused,
        .jobs_owned = in->jobs_owned,
        .running = in->running,
        .queued = in->queued,
        .takes_work = in->takes_work,
        .drained = in->drained,
        .isolated = in->isolated,
        .clock_trusted = in->clock_trusted,
        .clock_reason = take_text(codec, in->clock_reason),
        .clock_error_ms = in->clock_error_ms,
        .clock_peers = in->clock_peers,
        .clock_offset_ms = in->clock_offset_ms,
        .confined = (enum member_confined)take_enum(codec, in->confined, MEMBER_CONFINED_FULL),
        .storage = (enum control_storage)take_enum(codec, in->storage, CONTROL_STORAGE_FAILED),
        .generation = in->generation,
        .up_ms = in->up_ms,
        .listen_count = in->n_listen,
        .problem_count = in->n_problems,
        .repair_bytes = in->repair_bytes,
        .rejected = in->rejected,
        .records = in->records,
    };
    out->listen = take_texts(codec, in->listen, &out->listen_count);
    out->problems = take_texts(codec, in->problems, &out->problem_count);
    codec_id_or_zero(codec, in->node, &out->node, sizeof out->node);
    codec_id_or_zero(codec, in->fleet, &out->fleet, sizeof out->fleet);
    codec_id_or_zero(codec, in->authority_head, &out->authority_head, sizeof out->authority_head);
    codec_id_or_zero(codec, in->table_digest, &out->table_digest, sizeof out->table_digest);
}

static void read_member(struct codec *codec, const Katydid__Control__Member *in, struct control_member *out)
{
    *out = (struct control_member){
        .name = take_text(codec, in->name),
        .state = (enum control_state)take_enum(codec, in->state, CONTROL_LEFT),
        .address = take_text(codec, in->address),
        .self = in->self,
        .isolated = in->isolated,
        .takes_work = in->takes_work,
        .clock_trusted = in->clock_trusted,
        .clock_known = in->clock_known,
        .clock_offset_ms = in->clock_offset_ms,
        .confined = (enum member_confined)take_enum(codec, in->confined, MEMBER_CONFINED_FULL),
        .version = take_text(codec, in->version),
        .generation = in->generation,
        .silent_ms = in->silent_ms,
    };
    read_labels(codec, in, &out->labels);
    codec_id_or_zero(codec, in->node, &out->node, sizeof out->node);
}

static void read_job(struct codec *codec, const Katydid__Control__Job *in, struct control_job *out)
{
    *out = (struct control_job){
        .job = take_job(codec, in->job),
        .life = in->life,
        .version = in->version,
        .paused = in->paused,
        .running = in->running,
        .definition = take_bytes(codec, in->definition, LIMIT_RECORD_SIZE_MAX),
        .owner = take_text(codec, in->owner),
        .keeper_count = in->n_keepers,
        .next_ms = in->next_ms,
        .last_due_ms = in->last_due_ms,
        .last_status = (enum ledger_status)take_enum(codec, in->last_status, LEDGER_OK),
        .conflict_count = in->n_conflicts,
        .pause_count = in->n_pauses,
        .problem = take_text(codec, in->problem),
    };
    out->keepers = take_texts(codec, in->keepers, &out->keeper_count);
    out->conflicts = take_records(codec, in->conflicts, &out->conflict_count);
    out->pauses = take_records(codec, in->pauses, &out->pause_count);
}

static void read_run(struct codec *codec, const Katydid__Control__Run *in, struct control_run *out)
{
    *out = (struct control_run){
        .job = take_job(codec, in->job),
        .due_ms = in->due_ms,
        .jitter_ms = in->jitter_ms,
        .last_due_ms = in->last_due_ms,
        .count = in->count,
        .step_ms = in->step_ms,
        .attempt = in->attempt,
        .owner = take_text(codec, in->owner),
        .node = take_text(codec, in->node),
        .status = (enum ledger_status)take_enum(codec, in->status, LEDGER_OK),
        .reason = take_text(codec, in->reason),
        .claimed_ms = in->claimed_ms,
        .started_ms = in->started_ms,
        .ended_ms = in->ended_ms,
        .exit_code = in->exit_code,
        .signal = in->signal,
        .copies = in->copies,
        .output_bytes = in->output_bytes,
        .trigger = (uint16_t)take_enum(codec, in->trigger, UINT16_MAX),
        .trigger_text = take_text(codec, in->trigger_text),
    };
    out->has_run = in->run.len > 0;
    codec_id_or_zero(codec, in->run, &out->run, sizeof out->run);
    out->is_duplicate = in->duplicate_of.len > 0;
    codec_id_or_zero(codec, in->duplicate_of, &out->duplicate_of, sizeof out->duplicate_of);
    codec_id_or_zero(codec, in->cause, &out->cause, sizeof out->cause);
}

static void read_log(struct codec *codec, const Katydid__Control__Log *in, struct control_log *out)
{
    *out = (struct control_log){
        .offset = in->offset,
        .stream = (uint8_t)take_enum(codec, in->stream, 2),
        .at_ms = in->at_ms,
        .data = take_bytes(codec, in->data, LIMIT_CONTROL_FRAME_SIZE_MAX),
    };
    codec_id_or_zero(codec, in->run, &out->run, sizeof out->run);
}

static void read_why(struct codec *codec, const Katydid__Control__Why *in, struct control_why *out)
{
    *out = (struct control_why){
        .job = take_job(codec, in->job),
        .is_due = in->due,
        .due_ms = in->due_ms,
        .before_ms = in->before_ms,
        .after_ms = in->after_ms,
        .status = (enum ledger_status)take_enum(codec, in->status, LEDGER_OK),
        .reason = take_text(codec, in->reason),
        .owner = take_text(codec, in->owner),
        .node = take_text(codec, in->node),
        .trigger = (uint16_t)take_enum(codec, in->trigger, UINT16_MAX),
        .trigger_text = take_text(codec, in->trigger_text),
    };
    out->has_run = in->run.len > 0;
    codec_id_or_zero(codec, in->run, &out->run, sizeof out->run);
}

static void read_story(struct codec *codec, const Katydid__Control__Story *in, struct control_story *out)
{
    *out = (struct control_story){
        .at_ms = in->at_ms,
        .stamp = in->stamp,
        .node = take_text(codec, in->node),
        .what = take_text(codec, in->what),
        .job = take_job(codec, in->job),
    };
}

static void read_put(struct codec *codec, const Katydid__Control__Put *in, struct control_put *out)
{
    *out = (struct control_put){
        .outcome = (enum control_put_outcome)take_enum(codec, in->outcome, CONTROL_PUT_REFUSED),
        .text = take_text(codec, in->text),
    };
    codec_check(codec, out->outcome >= CONTROL_PUT_ADDED);
    codec_id_or_zero(codec, in->record, &out->record, sizeof out->record);
}

static void read_owner(struct codec *codec, const Katydid__Control__Owner *in, struct control_owner *out)
{
    *out = (struct control_owner){
        .job = take_job(codec, in->job),
        .owner = take_text(codec, in->owner),
        .keeper_count = in->n_keepers,
    };
    out->keepers = take_texts(codec, in->keepers, &out->keeper_count);
}

// The part that goes with the kind; a reply without it is refused.
static void read_part(struct codec *codec, const Katydid__Control__Reply *in, struct control_reply *out)
{
    switch (out->kind) {
    case CONTROL_REPLY_END:
        codec_check(codec, in->last);
        break;
    case CONTROL_REPLY_STATUS:
        codec_check(codec, in->status != NULL);
        if (in->status)
            read_status(codec, in->status, &out->is.status);
        break;
    case CONTROL_REPLY_MEMBER:
        codec_check(codec, in->member != NULL);
        if (in->member)
            read_member(codec, in->member, &out->is.member);
        break;
    case CONTROL_REPLY_RECORD:
        codec_check(codec, in->record.len > 0);
        out->is.record = take_bytes(codec, in->record, LIMIT_RECORD_SIZE_MAX);
        break;
    case CONTROL_REPLY_PUT:
        codec_check(codec, in->put != NULL);
        if (in->put)
            read_put(codec, in->put, &out->is.put);
        break;
    case CONTROL_REPLY_JOB:
        codec_check(codec, in->job != NULL);
        if (in->job)
            read_job(codec, in->job, &out->is.job);
        break;
    case CONTROL_REPLY_RUN:
        codec_check(codec, in->run != NULL);
        if (in->run)
            read_run(codec, in->run, &out->is.run);
        break;
    case CONTROL_REPLY_LOG:
        codec_check(codec, in->log != NULL);
        if (in->log)
            read_log(codec, in->log, &out->is.log);
        break;
    case CONTROL_REPLY_WHY:
        codec_check(codec, in->why != NULL);
        if (in->why)
            read_why(codec, in->why, &out->is.why);
        break;
    case CONTROL_REPLY_STORY:
        codec_check(codec, in->story != NULL);
        if (in->story)
            read_story(codec, in->story, &out->is.story);
        break;
    case CONTROL_REPLY_OWNER:
        codec_check(codec, in->owner != NULL);
        if (in->owner)
            read_owner(codec, in->owner, &out->is.owner);
        break;
    }
}

static void read_reply(struct codec *codec, const void *message, void *ret)
{
    const Katydid__Control__Reply *in = message;
    struct control_reply *out = ret;
    *out = (struct control_reply){
        .kind =
            (enum control_reply_kind)codec_number(codec, in->kind, CONTROL_REPLY_END, CONTROL_REPLY_OWNER),
        .last = in->last,
        .exit_status = take_enum(codec, in->exit_status, UINT8_MAX),
        .text = take_text(codec, in->text),
        .complete = in->complete,
        .unreachable_count = in->n_unreachable,
    };
    out->unreachable = take_texts(codec, in->unreachable, &out->unreachable_count);
    if (!codec->failed)
        read_part(codec, in, out);
}

int control_reply_decode(struct bytes message, struct arena *arena, struct control_reply *ret)
{
    static const struct codec_message TYPE = {
        .descriptor = &katydid__control__reply__descriptor,
        .size = sizeof *ret,
        .read = read_reply,
    };
    return message.size > LIMIT_CONTROL_FRAME_SIZE_MAX ? CONTROL_MALFORMED
                                                       : codec_decode(&TYPE, message, arena, ret);
}

static ProtobufCBinaryData *put_records(struct arena *room, const struct bytes *records, size_t count)
{
    ProtobufCBinaryData *list = arena_take(room, count, sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = codec_put(records[i].data, records[i].size);
    return list;
}

void control_request_encode(const struct control_request *request, struct buffer *out)
{
    struct arena room = {.ceiling = SIZE_MAX};
    Katydid__Control__Request message = KATYDID__CONTROL__REQUEST__INIT;
    message.kind = request->kind;
    message.job = codec_put_text(request->job);
    message.run = codec_put_text(request->run);
    message.records = put_records(&room, request->records, request->record_count);
    message.n_records = request->record_count;
    message.since_ms = request->since_ms;
    message.at_ms = request->at_ms;
    message.limit = request->limit;
    message.failed = request->failed;
    message.duplicates = request->duplicates;
    message.follow = request->follow;
    message.undo = request->undo;
    message.now = request->now;
    message.erase = request->erase;
    message.local = request->local;
    message.names = codec_put_texts(&room, request->names, request->name_count);
    message.n_names = request->name_count;
    message.from_number = request->from_number;
    codec_pack(&message.base, out);
    arena_deinit(&room);
}

static void encode_status(struct arena *room, const struct control_status *in, Katydid__Control__Status *out)
{
    katydid__control__status__init(out);
    out->node = codec_put_id(&in->node, sizeof in->node);
    out->node_name = codec_put_text(in->node_name);
    out->fleet = codec_put_id(&in->fleet, sizeof in->fleet);
    out->fleet_name = codec_put_text(in->fleet_name);
    out->version = codec_put_text(in->version);
    out->stamp = in->stamp;
    out->wall_ms = in->wall_ms;
    out->authority_number = in->authority_number;
    out->authority_head = codec_put_id(&in->authority_head, sizeof in->authority_head);
    out->members_alive = in->members_alive;
    out->members_suspect = in->members_suspect;
    out->members_dead = in->members_dead;
    out->jobs = in->jobs;
    out->jobs_paused = in->jobs_paused;
    out->jobs_owned = in->jobs_owned;
    out->running = in->running;
    out->queued = in->queued;
    out->takes_work = in->takes_work;
    out->drained = in->drained;
    out->isolated = in->isolated;
    out->clock_trusted = in->clock_trusted;
    out->clock_reason = codec_put_text(in->clock_reason);
    out->clock_error_ms = in->clock_error_ms;
    out->clock_peers = in->clock_peers;
    out->clock_offset_ms = in->clock_offset_ms;
    out->confined = in->confined;
    out->storage = in->storage;
    out->generation = in->generation;
    out->up_ms = in->up_ms;
    out->listen = codec_put_texts(room, in->listen, in->listen_count);
    out->n_listen = in->listen_count;
    out->problems = codec_put_texts(room, in->problems, in->problem_count);
    out->n_problems = in->problem_count;
    out->table_digest = codec_put_id(&in->table_digest, sizeof in->table_digest);
    out->repair_bytes = in->repair_bytes;
    out->rejected = in->rejected;
    out->records = in->records;
}

static void encode_member(struct arena *room, const struct control_member *in, Katydid__Control__Member *out)
{
    katydid__control__member__init(out);
    out->labels = codec_put_messages(room, &katydid__control__pair__descriptor, in->labels.count);
    out->n_labels = in->labels.count;
    for (size_t i = 0; i < in->labels.count; i++) {
        out->labels[i]->key = codec_put_text(in->labels.items[i].key);
        out->labels[i]->value = codec_put_text(in->labels.items[i].value);
    }
    out->node = codec_put_id(&in->node, sizeof in->node);
    out->name = codec_put_text(in->name);
    out->state = in->state;
    out->address = codec_put_text(in->address);
    out->self = in->self;
    out->isolated = in->isolated;
    out->takes_work = in->takes_work;
    out->clock_trusted = in->clock_trusted;
    out->clock_known = in->clock_known;
    out->clock_offset_ms = in->clock_offset_ms;
    out->confined = in->confined;
    out->version = codec_put_text(in->version);
    out->generation = in->generation;
    out->silent_ms = in->silent_ms;
}

static void encode_job(struct arena *room, const struct control_job *in, Katydid__Control__Job *out)
{
    katydid__control__job__init(out);
    out->job = codec_put_text(in->job);
    out->life = in->life;
    out->version = in->version;
    out->paused = in->paused;
    out->running = in->running;
    out->definition = codec_put(in->definition.data, in->definition.size);
    out->owner = codec_put_text(in->owner);
    out->keepers = codec_put_texts(room, in->keepers, in->keeper_count);
    out->n_keepers = in->keeper_count;
    out->next_ms = in->next_ms;
    out->last_due_ms = in->last_due_ms;
    out->last_status = in->last_status;
    out->conflicts = put_records(room, in->conflicts, in->conflict_count);
    out->n_conflicts = in->conflict_count;
    out->pauses = put_records(room, in->pauses, in->pause_count);
    out->n_pauses = in->pause_count;
    out->problem = codec_put_text(in->problem);
}

static void encode_run(const struct control_run *in, Katydid__Control__Run *out)
{
    katydid__control__run__init(out);
    out->job = codec_put_text(in->job);
    if (in->has_run)
        out->run = codec_put(&in->run, sizeof in->run);
    out->due_ms = in->due_ms;
    out->jitter_ms = in->jitter_ms;
    out->last_due_ms = in->last_due_ms;
    out->count = in->count;
    out->step_ms = in->step_ms;
    out->attempt = in->attempt;
    out->owner = codec_put_text(in->owner);
    out->node = codec_put_text(in->node);
    out->status = in->status;
    out->reason = codec_put_text(in->reason);
    out->claimed_ms = in->claimed_ms;
    out->started_ms = in->started_ms;
    out->ended_ms = in->ended_ms;
    out->exit_code = in->exit_code;
    out->signal = in->signal;
    out->copies = in->copies;
    if (in->is_duplicate)
        out->duplicate_of = codec_put(&in->duplicate_of, sizeof in->duplicate_of);
    out->output_bytes = in->output_bytes;
    out->trigger = in->trigger;
    out->trigger_text = codec_put_text(in->trigger_text);
    out->cause = codec_put_id(&in->cause, sizeof in->cause);
}

static void encode_log(const struct control_log *in, Katydid__Control__Log *out)
{
    katydid__control__log__init(out);
    out->run = codec_put(&in->run, sizeof in->run);
    out->offset = in->offset;
    out->stream = in->stream;
    out->at_ms = in->at_ms;
    out->data = codec_put(in->data.data, in->data.size);
}

static void encode_why(const struct control_why *in, Katydid__Control__Why *out)
{
    katydid__control__why__init(out);
    out->job = codec_put_text(in->job);
    out->due = in->is_due;
    out->due_ms = in->due_ms;
    out->before_ms = in->before_ms;
    out->after_ms = in->after_ms;
    out->status = in->status;
    out->reason = codec_put_text(in->reason);
    out->owner = codec_put_text(in->owner);
    out->node = codec_put_text(in->node);
    if (in->has_run)
        out->run = codec_put(&in->run, sizeof in->run);
    out->trigger = in->trigger;
    out->trigger_text = codec_put_text(in->trigger_text);
}

static void encode_story(const struct control_story *in, Katydid__Control__Story *out)
{
    katydid__control__story__init(out);
    out->at_ms = in->at_ms;
    out->stamp = in->stamp;
    out->node = codec_put_text(in->node);
    out->what = codec_put_text(in->what);
    out->job = codec_put_text(in->job);
}

static void encode_put(const struct control_put *in, Katydid__Control__Put *out)
{
    katydid__control__put__init(out);
    out->record = codec_put_id(&in->record, sizeof in->record);
    out->outcome = in->outcome;
    out->text = codec_put_text(in->text);
}

static void encode_owner(struct arena *room, const struct control_owner *in, Katydid__Control__Owner *out)
{
    katydid__control__owner__init(out);
    out->job = codec_put_text(in->job);
    out->owner = codec_put_text(in->owner);
    out->keepers = codec_put_texts(room, in->keepers, in->keeper_count);
    out->n_keepers = in->keeper_count;
}

union part {
    Katydid__Control__Status status;
    Katydid__Control__Member member;
    Katydid__Control__Job job;
    Katydid__Control__Run run;
    Katydid__Control__Log log;
    Katydid__Control__Story story;
    Katydid__Control__Why why;
    Katydid__Control__Put put;
    Katydid__Control__Owner owner;
};

static void encode_part(struct arena *room, const struct control_reply *reply, union part *part,
                        Katydid__Control__Reply *out)
{
    switch (reply->kind) {
    case CONTROL_REPLY_END:
        break;
    case CONTROL_REPLY_STATUS:
        encode_status(room, &reply->is.status, out->status = &part->status);
        break;
    case CONTROL_REPLY_MEMBER:
        encode_member(room, &reply->is.member, out->member = &part->member);
        break;
    case CONTROL_REPLY_RECORD:
        out->record = codec_put(reply->is.record.data, reply->is.record.size);
        break;
    case CONTROL_REPLY_PUT:
        encode_put(&reply->is.put, out->put = &part->put);
        break;
    case CONTROL_REPLY_JOB:
        encode_job(room, &reply->is.job, out->job = &part->job);
        break;
    case CONTROL_REPLY_RUN:
        encode_run(&reply->is.run, out->run = &part->run);
        break;
    case CONTROL_REPLY_LOG:
        encode_log(&reply->is.log, out->log = &part->log);
        break;
    case CONTROL_REPLY_WHY:
        encode_why(&reply->is.why, out->why = &part->why);
        break;
    case CONTROL_REPLY_STORY:
        encode_story(&reply->is.story, out->story = &part->story);
        break;
    case CONTROL_REPLY_OWNER:
        encode_owner(room, &reply->is.owner, out->owner = &part->owner);
        break;
    }
}

void control_reply_encode(const struct control_reply *reply, struct buffer *out)
{
    struct arena room = {.ceiling = SIZE_MAX};
    Katydid__Control__Reply message = KATYDID__CONTROL__REPLY__INIT;
    union part part;
    message.kind = reply->kind;
    message.last = reply->last;
    message.exit_status = reply->exit_status;
    message.text = codec_put_text(reply->text);
    message.complete = reply->complete;
    message.unreachable = codec_put_texts(&room, reply->unreachable, reply->unreachable_count);
    message.n_unreachable = reply->unreachable_count;
    encode_part(&room, reply, &part, &message);
    codec_pack(&message.base, out);
    arena_deinit(&room);
}
