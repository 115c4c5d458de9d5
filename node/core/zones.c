#include "node/core/zones.h"

#include "node/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void zones_deinit(struct zones *zones)
{
    for (size_t i = 0; i < zones->count; i++)
        zone_free(zones->items[i].zone);
    free(zones->items);
    *zones = (struct zones){0};
}

static struct zones_item *find(struct zones *zones, const char *name)
{
    for (size_t i = 0; i < zones->count; i++)
        if (strcmp(zones->items[i].name, name) == 0)
            return &zones->items[i];
    return NULL;
}

static struct zones_item *ask(struct core *core, const char *name)
{
    struct zones *zones = &core->zones;
    void *items = zones->items;
    base_grow(&items, &zones->capacity, zones->count + 1, sizeof *zones->items);
    zones->items = items;
    struct zones_item *item = &zones->items[zones->count++];
    *item = (struct zones_item){0};
    snprintf(item->name, sizeof item->name, "%s", name);
    struct frame frame = {.kind = FRAME_ZONE_WANT};
    snprintf(frame.name, sizeof frame.name, "%s", name);
    outbox_frame(&core->outbox, &frame);
    return item;
}

const struct zone *zones_find(struct core *core, const char *name, const char **ret_problem)
{
    *ret_problem = "";
    if (strcmp(name, "UTC") == 0)
        return zone_utc();
    if (strlen(name) >= sizeof core->zones.items->name) {
        *ret_problem = "the zone's name is too long";
        return NULL;
    }
    struct zones_item *item = find(&core->zones, name);
    if (!item)
        item = ask(core, name);
    *ret_problem = item->problem;
    return item->zone;
}

void zones_want_version(struct core *core)
{
    struct frame frame = {.kind = FRAME_ZONE_WANT};
    snprintf(frame.name, sizeof frame.name, "%s", FRAME_ZONE_VERSION);
    outbox_frame(&core->outbox, &frame);
}

// "# version 2026a", and what may follow.
static void take_version(struct core *core, struct bytes line)
{
    static const char before[] = "# version ";
    const size_t skipped = sizeof before - 1;
    char version[MEMBER_ZONE_DATA_ROOM] = "";
    bool is_one = line.size > skipped && memcmp(line.data, before, skipped) == 0;
    for (size_t i = skipped; is_one && i < line.size && i - skipped < sizeof version - 1; i++) {
        char c = (char)line.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.'))
            break;
        version[i - skipped] = c;
    }
    if (memcmp(version, core->zones.version, sizeof version) == 0)
        return;
    memcpy(core->zones.version, version, sizeof version);
    fleet_renew(core);
    fleet_dirty(core);
}

void zones_frame(struct core *core, const struct frame *frame)
{
    if (strcmp(frame->name, FRAME_ZONE_VERSION) == 0) {
        take_version(core, frame->data);
        return;
    }
    struct zones_item *item = find(&core->zones, frame->name);
    if (!item)
        return;
    struct zone *zone = NULL;
    int outcome = frame->data.size ? zone_decode(frame->data, &zone) : 0;
    item->is_answered = true;
    if (zone) { // jobs compiled with the old one are compiled anew before anything asks them
        struct zone *old = item->zone;
        item->zone = zone;
        item->problem[0] = 0;
        jobs_zone_changed(core, item->name);
        zone_free(old);
        return;
    }
    snprintf(item->problem, sizeof item->problem, "zone %.60s %s%s", item->name,
             frame->data.size ? "is unreadable here: " : "is unknown on this machine",
             frame->data.size ? zone_outcome_text(outcome) : "");
    jobs_zone_changed(core, item->name);
}
