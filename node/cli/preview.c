#include "node/cli/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/stamp.h"
#include "node/core/trigger/instant.h"
#include "node/core/trigger/shorthand.h"
#include "node/io/clock.h"

enum {
    JOINED_MAX = 1000, // blackouts that run into each other
    LOOKS_MAX = 20000, // blackouts and due times that are looked at in search of one outside
};

static int open_zone(const char *zone, struct preview *preview, struct preview_error *error)
{
    char why[160];
    if (!zone || strcmp(zone, "local") == 0) {
        zone_file_open_local(&preview->zone);
    } else if (zone_file_open(zone, &preview->zone, why)) {
        error->error.column = 0;
        snprintf(error->error.text, sizeof error->error.text, "%s", why);
        return PREVIEW_BAD_ZONE;
    }
    return 0;
}

static void keep(struct preview *preview, struct due *due)
{
    preview->dues = base_resize(preview->dues, preview->due_count + 1, sizeof(struct due *));
    preview->dues[preview->due_count++] = due;
}

int preview_open_cron(const char *expression, const char *zone, struct preview *ret,
                      struct preview_error *ret_error)
{
    struct definition_trigger trigger = {.kind = DEFINITION_CRON, .expression = expression};
    const struct definition definition = {.triggers = &trigger, .trigger_count = 1, .zone = "local"};
    *ret = (struct preview){0};
    *ret_error = (struct preview_error){0};
    switch (shorthand_read(expression, &trigger.period_ms, &ret_error->error)) {
    case SHORTHAND_EVERY:
        trigger.kind = DEFINITION_EVERY;
        trigger.anchor_ms = clock_wall_ms() / 1000 * 1000; // as if the job were defined now
        break;
    case SHORTHAND_BOOT:
        (void)trigger_error_set(&ret_error->error, 0, "@reboot waits for a machine to boot: it has no times");
        return PREVIEW_BAD_TRIGGER;
    case SHORTHAND_REFUSED:
        return PREVIEW_BAD_TRIGGER;
    default:
        break;
    }
    return preview_open_definition(&definition, zone, ret, ret_error);
}

int preview_open_definition(const struct definition *definition, const char *zone, struct preview *ret,
                            struct preview_error *ret_error)
{
    struct definition begun = *definition;
    *ret = (struct preview){0};
    *ret_error = (struct preview_error){0};
    if (begun.due_count && !begun.since) // not signed yet: the count of its due times begins now
        begun.since = stamp_of_wall_ms(clock_wall_ms());
    int outcome = open_zone(zone ? zone : definition->zone, ret, ret_error);
    for (size_t i = 0; outcome == 0 && i < definition->trigger_count; i++) {
        struct due *due;
        ret_error->index = i;
        int opened = due_open(&begun, i, ret->zone.zone, &due, &ret_error->error);
        if (opened == 0)
            keep(ret, due);
        else if (opened == DUE_REFUSED)
            outcome = PREVIEW_BAD_TRIGGER;
    }
    if (outcome)
        preview_close(ret);
    return outcome;
}

void preview_close(struct preview *preview)
{
    for (size_t i = 0; i < preview->due_count; i++)
        due_free(preview->dues[i]);
    free(preview->dues);
    zone_file_close(&preview->zone);
    *preview = (struct preview){0};
}

bool preview_next(const struct preview *preview, int64_t after_ms, int64_t *ret_due_ms)
{
    bool is_found = false;
    for (size_t i = 0; i < preview->due_count; i++) {
        int64_t due_ms;
        if (!due_next(preview->dues[i], after_ms, &due_ms) || (is_found && due_ms >= *ret_due_ms))
            continue;
        *ret_due_ms = due_ms;
        is_found = true;
    }
    return is_found;
}

// The end of those that run into each other, as far as they are looked at.
static int64_t blackout_end_ms(const struct preview *preview, int64_t at_ms, size_t most, size_t *ret_looks)
{
    int64_t end_ms = 0;
    size_t looks = 0;
    if (preview->due_count) // all triggers of a job have its blackouts
        while (looks++ < most && due_is_blacked_out(preview->dues[0], end_ms ? end_ms : at_ms, &end_ms))
            ;
    *ret_looks = looks;
    return end_ms;
}

int64_t preview_blackout_end_ms(const struct preview *preview, int64_t at_ms)
{
    size_t looks;
    return blackout_end_ms(preview, at_ms, JOINED_MAX, &looks);
}

bool preview_next_outside(const struct preview *preview, int64_t after_ms, int64_t *ret_due_ms,
                          int64_t *ret_until_ms)
{
    int64_t due_ms, end_ms;
    for (size_t looks = 0, more; looks < LOOKS_MAX; looks += more) {
        *ret_until_ms = INT64_MAX;
        if (!preview_next(preview, after_ms, &due_ms))
            return false;
        end_ms = blackout_end_ms(preview, due_ms, LOOKS_MAX - looks, &more);
        if (!end_ms) {
            *ret_due_ms = due_ms;
            return true;
        }
        after_ms = end_ms - 1;
    }
    *ret_until_ms = after_ms + 1;
    return false;
}

const char *preview_why_never(const struct preview *preview, const struct definition *definition,
                              int64_t now_ms, char room[PREVIEW_WHY_ROOM])
{
    char until[INSTANT_TEXT_SIZE];
    int64_t due_ms, until_ms;
    if (definition->not_after_ms && definition->not_after_ms <= now_ms)
        return "the time of `not_after` has passed";
    if (preview->due_count < definition->trigger_count) // something may happen
        return NULL;
    if (definition->not_after_ms && !preview_next(preview, now_ms, &due_ms))
        return "no due time lies before `not_after`";
    if (!preview_next(preview, now_ms, &due_ms))
        return "every time it names has passed";
    if (preview_next_outside(preview, now_ms, &due_ms, &until_ms))
        return NULL;
    snprintf(room, PREVIEW_WHY_ROOM, "every due time lies in a blackout");
    instant_print(until_ms, until);
    if (until_ms != INT64_MAX)
        snprintf(room + strlen(room), PREVIEW_WHY_ROOM - strlen(room), ", as far as was looked: until %.10s",
                 until);
    return room;
}

void preview_mark(const struct preview *preview, const struct zone *shown, int64_t due_ms, int64_t now_ms,
                  char ret_text[PREVIEW_MARK_ROOM])
{
    char until[LOCAL_TIME_ROOM];
    int64_t end_ms = preview_blackout_end_ms(preview, due_ms), later_ms;
    local_time_short(shown, end_ms, now_ms, until);
    ret_text[0] = '\0';
    if (end_ms)
        snprintf(ret_text, PREVIEW_MARK_ROOM, "(blackout until %s%s)",
                 due_is_blacked_out(preview->dues[0], end_ms, &later_ms) ? "at least " : "", until);
}

void preview_outside(const struct preview *preview, const struct zone *shown, int64_t last_ms,
                     char ret_text[PREVIEW_MARK_ROOM])
{
    char when[LOCAL_TIME_ROOM] = "never";
    int64_t due_ms, until_ms;
    bool is_found = preview_next_outside(preview, last_ms, &due_ms, &until_ms);
    bool is_cut = !is_found && until_ms != INT64_MAX;
    if (is_found || is_cut)
        local_time_long(shown, is_found ? due_ms : until_ms, when);
    snprintf(ret_text, PREVIEW_MARK_ROOM, "first outside a blackout: %s%s", is_cut ? "none found until " : "",
             when);
}
