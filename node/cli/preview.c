#include "node/cli/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/stamp.h"
#include "node/core/trigger/shorthand.h"
#include "node/io/clock.h"

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
