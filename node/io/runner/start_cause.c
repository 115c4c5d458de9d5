// start_cause.c - what a command is told about why it runs: KATYDID_CAUSE, and more where there is more.
#include "node/io/runner/start_cause.h"

#include <stdio.h>
#include <string.h>

#include "crdt/stamp.h"
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
    if (!check->order)
        return check->start->due_ms;
    return check->order->not_before_ms ? check->order->not_before_ms : stamp_wall_ms(check->order->stamp);
}

static void add_file(struct start_cause *cause, const struct check *check)
{
    static const char *const WORDS[] = {[DEFINITION_FILE_CREATE] = "create",
                                        [DEFINITION_FILE_CHANGE] = "change",
                                        [DEFINITION_FILE_REMOVE] = "remove",
                                        [DEFINITION_FILE_MOVE] = "move"};
    const struct watches_news *news = check->news;
    const char *path = check->definition.triggers[check->start->trigger].path;
    snprintf(cause->file, sizeof cause->file, "%s%s%s", path, news->report.name[0] ? "/" : "",
             news->report.name);
    add(cause, "KATYDID_FILE", cause->file);
    add(cause, "KATYDID_FILE_CHANGE", WORDS[news->report.what]);
}

void start_cause_init(struct start_cause *cause, const struct check *check)
{
    *cause = (struct start_cause){.text = text_of(check), .due_ms = due_ms(check)};
    if (strcmp(cause->text, "boot") == 0) {
        hex_encode(check->world->boot, 16, cause->boot);
        add(cause, "KATYDID_BOOT", cause->boot);
    }
    if (check->news)
        add_file(cause, check);
}
