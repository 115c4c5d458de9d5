#include "node/cli/trigger_words.h"

#include <inttypes.h>
#include <string.h>

#include "node/cli/job_view.h"
#include "node/core/trigger/instant.h"
#include "node/core/trigger/phrase.h"

static void add_duration(struct phrase *phrase, const char *before, uint64_t ms)
{
    if (!ms)
        return;
    phrase_add(phrase, "%s", before);
    phrase_add_duration(phrase, ms);
}

static void add_bits(struct phrase *phrase, uint32_t bits, const char *const *words, size_t count)
{
    size_t total = 0, index = 0;
    for (size_t i = 0; i < count; i++)
        total += bits >> i & 1;
    for (size_t i = 0; i < count; i++)
        if (bits >> i & 1)
            phrase_add(phrase, "%s%s", index ? (index + 1 == total ? " or " : ", ") : "", words[i]), index++;
}

static void add_nodes(struct phrase *phrase, const struct definition_trigger *trigger)
{
    if (trigger->node[0])
        phrase_add(phrase, " %s", trigger->node);
    for (size_t i = 0; i < trigger->where.count; i++)
        phrase_add(phrase, "%s%s=%s", i ? "," : " with ", trigger->where.items[i].key,
                   trigger->where.items[i].value);
}

static void explain_event(const struct definition_trigger *trigger, struct phrase *phrase)
{
    static const char *const FROM[] = {"an operator", "a node", "an operator or a node"};
    phrase_add(phrase, "when %s", FROM[trigger->from]);
    add_nodes(phrase, trigger);
    phrase_add(phrase, " tells of the event %s", job_view_short(trigger->name));
    add_duration(phrase, ", once none came for ", trigger->quiet_ms);
    add_duration(phrase, ", at most once in ", trigger->throttle_ms);
}

static void explain_after(const struct definition_trigger *trigger, struct phrase *phrase)
{
    static const char *const OUTCOMES[] = {" ok", " not ok", ""};
    phrase_add(phrase, trigger->all ? "when " : trigger->job_count > 1 ? "each time one of " : "each time ");
    for (size_t i = 0; i < trigger->job_count; i++)
        phrase_add(phrase, "%s%s", phrase_joint(i, trigger->job_count), job_view_short(trigger->jobs[i]));
    phrase_add(phrase, "%s ended%s", trigger->all ? " have all" : " has", OUTCOMES[trigger->outcome]);
    if (trigger->all)
        phrase_add(phrase, trigger->latest ? ", whatever their due times" : " for the same due time");
}

static void explain_member(const struct definition_trigger *trigger, struct phrase *phrase)
{
    static const char *const CHANGES[] = {"joins", "leaves", "dies"};
    phrase_add(phrase, "when %s", trigger->node[0] ? "node" : "a node");
    add_nodes(phrase, trigger);
    phrase_add(phrase, " ");
    add_bits(phrase, trigger->changes, CHANGES, COUNT_OF(CHANGES));
}

static void explain_file(const struct definition_trigger *trigger, struct phrase *phrase)
{
    static const char *const CHANGES[] = {"created", "changed", "removed", "moved"};
    if (trigger->name)
        phrase_add(phrase, "when a file %s in %s is ", trigger->name, trigger->path);
    else
        phrase_add(phrase, "when %s, or a file in it, is ", trigger->path);
    add_bits(phrase, trigger->changes, CHANGES, COUNT_OF(CHANGES));
    add_duration(phrase, ", once nothing more happened for ", trigger->quiet_ms);
    add_duration(phrase, ", at most once in ", trigger->throttle_ms);
}

static void explain_calendar(const struct definition *definition, const struct definition_trigger *trigger,
                             const struct zone *zone, char *out)
{
    char job[NAME_JOB_ROOM];
    struct trigger_error error;
    struct cron cron;
    struct every every;
    struct at at;
    name_join_job(definition->namespace_name, definition->name, job);
    if (trigger->kind == DEFINITION_CRON && cron_parse(trigger->expression, job, &cron, &error))
        explain_cron(&cron, definition->zone, out);
    if (trigger->kind == DEFINITION_EVERY &&
        every_init(trigger->period_ms, trigger->anchor_ms, &every, &error))
        explain_every(&every, out);
    if (trigger->kind == DEFINITION_AT &&
        at_init(trigger->instants_ms, trigger->instant_count, &at, &error)) {
        explain_at(&at, zone, definition->zone, out);
        at_deinit(&at);
    }
}

void trigger_words_print(const struct definition *definition, size_t index, const struct zone *zone,
                         char *out)
{
    const struct definition_trigger *trigger = &definition->triggers[index];
    struct phrase phrase;
    phrase_init(&phrase, out, EXPLAIN_TEXT_SIZE);
    switch (trigger->kind) {
    case DEFINITION_EVERY:
        if (trigger->from_end) {
            phrase_add_duration(&phrase, trigger->period_ms);
            phrase_add(&phrase, " after the end of the run before");
            return;
        }
        explain_calendar(definition, trigger, zone, out);
        return;
    case DEFINITION_CRON:
    case DEFINITION_AT:
        explain_calendar(definition, trigger, zone, out);
        return;
    case DEFINITION_EVENT:
        explain_event(trigger, &phrase);
        return;
    case DEFINITION_AFTER:
        explain_after(trigger, &phrase);
        return;
    case DEFINITION_BOOT:
        add_duration(&phrase, "", trigger->delay_ms);
        phrase_add(&phrase, trigger->delay_ms ? " after a machine it may run on has booted"
                                              : "when a machine it may run on has booted");
        return;
    case DEFINITION_MEMBER:
        explain_member(trigger, &phrase);
        return;
    case DEFINITION_FILE:
        explain_file(trigger, &phrase);
        return;
    }
}

static void add_instant(struct phrase *phrase, const char *before, int64_t at_ms)
{
    char text[INSTANT_TEXT_SIZE];
    if (!at_ms)
        return;
    instant_print(at_ms, text);
    phrase_add(phrase, "%s%s%s", phrase->size ? "; " : "", before, text);
}

static void add_blackout(struct phrase *phrase, const struct definition *definition,
                         const struct definition_blackout *blackout)
{
    char starts[EXPLAIN_TEXT_SIZE];
    const struct definition_trigger trigger = {.kind = DEFINITION_CRON, .expression = blackout->expression};
    phrase_add(phrase, "%sskipped for ", phrase->size ? "; " : "");
    phrase_add_duration(phrase, blackout->length_ms);
    if (!blackout->expression) {
        char from[INSTANT_TEXT_SIZE];
        instant_print(blackout->from_ms, from);
        phrase_add(phrase, " from %s on", from);
        return;
    }
    starts[0] = '\0';
    explain_calendar(definition, &trigger, NULL, starts);
    phrase_add(phrase, " from %s", strncmp(starts, "at ", 3) == 0 ? starts + 3 : starts);
}

void trigger_words_modifiers(const struct definition *definition, char *out)
{
    struct phrase phrase;
    phrase_init(&phrase, out, EXPLAIN_TEXT_SIZE);
    add_instant(&phrase, "not before ", definition->not_before_ms);
    add_instant(&phrase, "not after ", definition->not_after_ms);
    if (definition->due_count)
        phrase_add(&phrase, "%sonly the first %" PRIu64 " due time%s", phrase.size ? "; " : "",
                   definition->due_count, definition->due_count == 1 ? "" : "s");
    if (definition->jitter_ms) {
        phrase_add(&phrase, "%sstarts up to ", phrase.size ? "; " : "");
        phrase_add_duration(&phrase, definition->jitter_ms);
        phrase_add(&phrase, " later than due, always by the same");
    }
    for (size_t i = 0; i < definition->blackout_count; i++)
        add_blackout(&phrase, definition, &definition->blackouts[i]);
}
