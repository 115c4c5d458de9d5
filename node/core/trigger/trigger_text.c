#include "node/core/trigger/trigger_text.h"

#include "node/core/trigger/duration.h"
#include "node/core/trigger/instant.h"
#include "node/core/trigger/phrase.h"

#include <string.h>

static void add_every(struct phrase *phrase, const struct definition_trigger *trigger)
{
    char text[DURATION_TEXT_SIZE];
    duration_print(trigger->period_ms, text);
    phrase_add(phrase, "every %s%s", text, trigger->from_end ? " from the end" : "");
}

static void add_at(struct phrase *phrase, const struct definition_trigger *trigger)
{
    char text[INSTANT_TEXT_SIZE];
    instant_print(trigger->instant_count ? trigger->instants_ms[0] : 0, text);
    phrase_add(phrase, "at %s%s", text, trigger->instant_count > 1 ? " ..." : "");
}

static void add_after(struct phrase *phrase, const struct definition_trigger *trigger)
{
    static const char *const OUTCOMES[] = {"", " not-ok", " any"};
    phrase_add(phrase, "after ");
    for (size_t i = 0; i < trigger->job_count; i++)
        phrase_add(phrase, "%s%s",
                   i == 0         ? ""
                   : trigger->all ? " and "
                                  : " or ",
                   name_short_job(trigger->jobs[i]));
    phrase_add(phrase, "%s", OUTCOMES[trigger->outcome]);
}

static void add_boot(struct phrase *phrase, const struct definition_trigger *trigger)
{
    char text[DURATION_TEXT_SIZE];
    duration_print(trigger->delay_ms, text);
    phrase_add(phrase, trigger->delay_ms ? "boot + %s" : "boot", text);
}

static void add_member(struct phrase *phrase, const struct definition_trigger *trigger)
{
    const char *before = "member ";
    for (size_t i = 0; i < DEFINITION_MEMBER_CHANGE_COUNT; i++)
        if (trigger->changes >> i & 1) {
            phrase_add(phrase, "%s%s", before, definition_member_changes[i]);
            before = " or ";
        }
    before = " of ";
    if (trigger->node[0]) {
        phrase_add(phrase, "%s%s", before, trigger->node);
        before = ", ";
    }
    for (size_t i = 0; i < trigger->where.count; i++, before = ", ")
        phrase_add(phrase, "%s%s=%s", before, trigger->where.items[i].key, trigger->where.items[i].value);
}

static void add_file(struct phrase *phrase, const struct definition_trigger *trigger)
{
    size_t size = strlen(trigger->path);
    bool has_slash = size && trigger->path[size - 1] == '/';
    phrase_add(phrase, "file %s%s%s", trigger->path, trigger->name && !has_slash ? "/" : "",
               trigger->name ? trigger->name : "");
}

void trigger_text_print(const struct definition_trigger *trigger, char *out)
{
    struct phrase phrase;
    phrase_init(&phrase, out, TRIGGER_TEXT_SIZE);
    switch (trigger->kind) {
    case DEFINITION_CRON:
        phrase_add(&phrase, "cron %s", trigger->expression);
        break;
    case DEFINITION_EVERY:
        add_every(&phrase, trigger);
        break;
    case DEFINITION_AT:
        add_at(&phrase, trigger);
        break;
    case DEFINITION_EVENT:
        phrase_add(&phrase, "event %s", name_short_job(trigger->name));
        break;
    case DEFINITION_AFTER:
        add_after(&phrase, trigger);
        break;
    case DEFINITION_BOOT:
        add_boot(&phrase, trigger);
        break;
    case DEFINITION_MEMBER:
        add_member(&phrase, trigger);
        break;
    case DEFINITION_FILE:
        add_file(&phrase, trigger);
        break;
    }
    name_trim(out); // this is sent as text
}
