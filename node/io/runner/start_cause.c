// start_cause.c - what a command is told about why it runs: KATYDID_CAUSE, and more where there is more.
#include "node/io/runner/start_cause.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/stamp.h"
#include "node/core/trigger/member_change.h"
#include "node/io/runner/watches.h"

// What waited, or is tried again, is still due for the reason it was due.
static const char *text_of(const struct check *check)
{
    static const char *const texts[] = {
        [DEFINITION_EVENT] = "event",   [DEFINITION_AFTER] = "after", [DEFINITION_BOOT] = "boot",
        [DEFINITION_MEMBER] = "member", [DEFINITION_FILE] = "file",
    };
    if (check_is_order(check))
        return "order";
    if (check_is_backfill(check))
        return "backfill";
    enum definition_trigger_kind kind = check->definition.triggers[check->start->trigger].kind;
    if (kind < COUNT_OF(texts) && texts[kind])
        return texts[kind];
    return check->start->cause == FRAME_CATCH_UP ? "catch-up" : "schedule";
}

static void add(struct start_cause *cause, const char *name, const char *value)
{
    assert(cause->count < START_CAUSE_COUNT_MAX);
    cause->pairs[cause->count++] = (struct definition_pair){name, value};
}

static int64_t due_ms(const struct check *check)
{
    if (check->happened_ms)
        return check->happened_ms;
    if (check->start->due_ms)
        return check->start->due_ms;
    return check->order->not_before_ms ? check->order->not_before_ms : stamp_wall_ms(check->order->stamp);
}

// A name may hold anything but a slash: its backslashes and newlines are written \\ and \n, so that a line is
// always one file.
static void add_escaped(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '\n')
            buffer_add_u8(out, '\\');
        buffer_add_u8(out, *text == '\n' ? 'n' : (uint8_t)*text);
    }
}

static void add_path(struct buffer *out, const char *folder, const char *name)
{
    size_t size = strlen(folder);
    add_escaped(out, folder);
    if (name[0] && (!size || folder[size - 1] != '/'))
        buffer_add_u8(out, '/');
    add_escaped(out, name);
}

// Lines are separated, not ended: what is about one file is that file alone.
static void add_files(struct start_cause *cause, const struct check *check)
{
    const struct watch_report *report = &check->news->report;
    const char *path = check->definition.triggers[check->start->trigger].path, *name = NULL;
    uint32_t what, told = 0;
    for (; (name = watch_report_next(report, name, &what)); told++) {
        const char *word = definition_file_change_text(what);
        size_t before = cause->files.size;
        if (told)
            buffer_add_u8(&cause->files, '\n');
        add_path(&cause->files, path, name);
        if (told && cause->files.size >= LIMIT_CHANGED_PATHS_SIZE_MAX) {
            cause->files.size = before;
            break;
        }
        if (told)
            buffer_add_u8(&cause->changes, '\n');
        buffer_add(&cause->changes, word, strlen(word));
    }
    buffer_add_u8(&cause->files, 0);
    buffer_add_u8(&cause->changes, 0);
    snprintf(cause->more, sizeof cause->more, "%u", report->count - told);
    add(cause, "KATYDID_FILE", (const char *)cause->files.data);
    add(cause, "KATYDID_FILE_CHANGE", (const char *)cause->changes.data);
    add(cause, "KATYDID_FILE_MORE", cause->more);
}

static void add_word(char *text, size_t room, const char *word)
{
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%s%s", used ? " " : "", word);
}

static void add_upstream(struct start_cause *cause, const struct shown_item *shown)
{
    for (size_t i = 0; i < LIMIT_UPSTREAM_COUNT_MAX && shown->ends[i]; i++) {
        const struct shown_end *end = shown->ends[i];
        char run[2 * RUN_ID_SIZE + 1] = "-", due[INSTANT_TEXT_SIZE] = "-";
        if (memcmp(&end->run, &(struct run_id){{0}}, sizeof end->run) != 0)
            hex_encode(end->run.b, RUN_ID_SIZE, run);
        if (end->end.due_ms)
            instant_print(end->end.due_ms, due);
        add_word(cause->jobs, sizeof cause->jobs, end->job);
        add_word(cause->outcomes, sizeof cause->outcomes, ledger_status_text(end->end.status));
        add_word(cause->runs, sizeof cause->runs, run);
        add_word(cause->dues, sizeof cause->dues, due);
    }
    add(cause, "KATYDID_UPSTREAM_JOB", cause->jobs);
    add(cause, "KATYDID_UPSTREAM_OUTCOME", cause->outcomes);
    add(cause, "KATYDID_UPSTREAM_RUNS", cause->runs);
    add(cause, "KATYDID_UPSTREAM_DUE", cause->dues);
}

static const char *signer_of(const struct check *check)
{
    const struct evidence *evidence = check->world->evidence;
    const struct authority_log_operator *operator_ =
        authority_log_find_operator(&evidence->authority, &check->event->signer);
    const struct directory_node *node = evidence_node(evidence, &check->event->signer);
    return operator_ ? operator_->name : node ? node->name : "";
}

static void tell_event(struct start_cause *cause, const struct check *check)
{
    const struct event_record *event = &check->event->event;
    name_join_job(event->namespace_name, event->name, cause->event);
    add(cause, "KATYDID_EVENT", cause->event);
    add(cause, "KATYDID_EVENT_FROM", signer_of(check));
    if (check->definition.event_input) {
        cause->input = event->data;
    } else if (!event->data.size || !memchr(event->data.data, 0, event->data.size)) {
        cause->data = base_alloc(1, event->data.size + 1);
        if (event->data.size)
            memcpy(cause->data, event->data.data, event->data.size);
        add(cause, "KATYDID_EVENT_DATA", cause->data);
    }
}

void start_cause_deinit(struct start_cause *cause)
{
    free(cause->data);
    buffer_deinit(&cause->files);
    buffer_deinit(&cause->changes);
    *cause = (struct start_cause){0};
}

void start_cause_init(struct start_cause *cause, const struct check *check)
{
    *cause = (struct start_cause){.text = text_of(check), .due_ms = due_ms(check), .trigger = "order"};
    if (check->start->trigger < check->definition.trigger_count)
        trigger_text_print(&check->definition.triggers[check->start->trigger], cause->trigger);
    add(cause, "KATYDID_TRIGGER", cause->trigger);
    if (check->event)
        tell_event(cause, check);
    if (check->member) {
        add(cause, "KATYDID_MEMBER", check->member->name);
        add(cause, "KATYDID_MEMBER_CHANGE", member_change_text(check->start->member.change));
    }
    if (strcmp(cause->text, "boot") == 0) {
        hex_encode(check->world->boot, 16, cause->boot);
        add(cause, "KATYDID_BOOT", cause->boot);
    }
    if (check->news)
        add_files(cause, check);
    if (check->shown)
        add_upstream(cause, check->shown);
}
