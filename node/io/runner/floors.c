#include "node/io/runner/floors.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLOT_COUNT_MIN = 64,
    COMPACT_SIZE_MIN = 256 * 1024,
    FORMAT = 1,
};

static void hash_name(const char *namespace_name, const char *name, uint8_t out[16])
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-floor-1");
    hasher_add_text(&hasher, namespace_name);
    hasher_add_text(&hasher, name);
    struct hash hash = hasher_finish(&hasher);
    memcpy(out, hash.b, 16);
}

// --- the table of names ------------------------------------------------------

static size_t find_slot(const struct floors *floors, const uint8_t job[16])
{
    uint64_t start;
    memcpy(&start, job, sizeof start); // a hash already
    size_t at = (size_t)start & (floors->slot_count - 1);
    while (floors->slots[at] && memcmp(floors->slots[at]->job, job, 16) != 0)
        at = (at + 1) & (floors->slot_count - 1);
    return at;
}

static struct floor **find_list(const struct floors *floors, const struct hash *id)
{
    uint64_t start;
    memcpy(&start, id->b, sizeof start);
    return &floors->by_id[(size_t)start & (floors->slot_count - 1)];
}

static void link_id(struct floors *floors, struct floor *floor)
{
    struct floor **list = find_list(floors, &floor->definition.id);
    floor->next_by_id = *list;
    *list = floor;
}

static void unlink_id(struct floors *floors, struct floor *floor)
{
    struct floor **link = find_list(floors, &floor->definition.id);
    while (*link != floor)
        link = &(*link)->next_by_id;
    *link = floor->next_by_id;
}

static void set_definition(struct floors *floors, struct floor *floor,
                           const struct floors_definition *definition)
{
    unlink_id(floors, floor);
    floor->definition = *definition;
    link_id(floors, floor);
}

static void grow(struct floors *floors)
{
    struct floors old = *floors;
    if (floors->count * 4 < floors->slot_count * 3)
        return;
    floors->slot_count = MAX_OF(old.slot_count * 2, (size_t)SLOT_COUNT_MIN);
    floors->slots = base_alloc(floors->slot_count, sizeof(struct floor *));
    floors->by_id = base_alloc(floors->slot_count, sizeof(struct floor *));
    for (size_t i = 0; i < old.slot_count; i++) {
        if (!old.slots[i])
            continue;
        floors->slots[find_slot(floors, old.slots[i]->job)] = old.slots[i];
        link_id(floors, old.slots[i]);
    }
    free(old.slots);
    free(old.by_id);
}

static struct floor *find(const struct floors *floors, const uint8_t job[16])
{
    return floors->slot_count ? floors->slots[find_slot(floors, job)] : NULL;
}

// NULL: no room for another name.
static struct floor *get(struct floors *floors, const uint8_t job[16])
{
    struct floor *floor = find(floors, job);
    if (floor || floors->count >= LIMIT_JOB_COUNT_MAX)
        return floor;
    grow(floors);
    floor = base_alloc(1, sizeof *floor);
    memcpy(floor->job, job, 16);
    floors->slots[find_slot(floors, job)] = floor;
    link_id(floors, floor);
    floors->count++;
    return floor;
}

const struct floor *floors_find(const struct floors *floors, const char *namespace_name, const char *name)
{
    uint8_t job[16];
    hash_name(namespace_name, name, job);
    return find(floors, job);
}

bool floors_has_definition(const struct floors *floors, const struct hash *id)
{
    if (!floors->slot_count)
        return false;
    const struct floor *floor = *find_list(floors, id);
    while (floor && !hash_equal(&floor->definition.id, id))
        floor = floor->next_by_id;
    return floor && floor->definition.life;
}

// --- what a floor says -------------------------------------------------------

uint64_t floor_life(const struct floor *floor)
{
    return MAX_OF(floor->deleted_life, floor->definition.life);
}

static bool is_lifted(const struct floor *floor, const struct floors_pause *pause)
{
    for (size_t i = 0; i < floor->lift_count; i++)
        if (floor->lifts[i].life == pause->life && hash_equal(&floor->lifts[i].pause, &pause->id))
            return true;
    return false;
}

bool floor_is_paused(const struct floor *floor, int64_t wall_ms)
{
    uint64_t life = floor_life(floor);
    for (size_t i = 0; i < floor->pause_count; i++) {
        const struct floors_pause *pause = &floor->pauses[i];
        bool in_time = pause->until_ms == 0 || wall_ms < pause->until_ms;
        if (pause->life == life && in_time && !is_lifted(floor, pause))
            return true;
    }
    return false;
}

static void add_pause(struct floor *floor, const struct floors_pause *pause)
{
    void *array = floor->pauses;
    base_grow(&array, &floor->pause_capacity, floor->pause_count + 1, sizeof *floor->pauses);
    floor->pauses = array;
    floor->pauses[floor->pause_count++] = *pause;
}

static void add_lift(struct floor *floor, const struct floors_lift *lift)
{
    void *array = floor->lifts;
    base_grow(&array, &floor->lift_capacity, floor->lift_count + 1, sizeof *floor->lifts);
    floor->lifts = array;
    floor->lifts[floor->lift_count++] = *lift;
}

// Pauses and resumes of lives that are over say nothing any more.
static void drop_old_lives(struct floor *floor)
{
    uint64_t life = floor_life(floor);
    size_t kept = 0;
    for (size_t i = 0; i < floor->pause_count; i++)
        if (floor->pauses[i].life >= life)
            floor->pauses[kept++] = floor->pauses[i];
    floor->pause_count = kept;
    kept = 0;
    for (size_t i = 0; i < floor->lift_count; i++)
        if (floor->lifts[i].life >= life)
            floor->lifts[kept++] = floor->lifts[i];
    floor->lift_count = kept;
}

static const struct floors_lift *oldest_lift(const struct floor *floor)
{
    const struct floors_lift *oldest = NULL;
    for (size_t i = 0; i < floor->lift_count; i++)
        if (!oldest || floor->lifts[i].stamp < oldest->stamp)
            oldest = &floor->lifts[i];
    return oldest;
}

// Makes room by forgetting the longest lifted pauses. Shown again, such a pause stops the job until its
// resume is shown again too: forgetting never starts anything.
static bool make_room(struct floor *floor)
{
    while (floor->pause_count + floor->lift_count >= FLOORS_PAUSE_COUNT_MAX) {
        const struct floors_lift *oldest = oldest_lift(floor);
        if (!oldest)
            return false;
        const struct hash pause = oldest->pause;
        size_t kept = 0;
        for (size_t i = 0; i < floor->pause_count; i++)
            if (!hash_equal(&floor->pauses[i].id, &pause))
                floor->pauses[kept++] = floor->pauses[i];
        floor->pause_count = kept;
        kept = 0;
        for (size_t i = 0; i < floor->lift_count; i++)
            if (!hash_equal(&floor->lifts[i].pause, &pause))
                floor->lifts[kept++] = floor->lifts[i];
        floor->lift_count = kept;
    }
    return true;
}

// --- the file ----------------------------------------------------------------

static void add_definition(struct buffer *out, const struct floors_definition *definition)
{
    buffer_add_u64(out, definition->life);
    buffer_add_u64(out, definition->version);
    buffer_add_u64(out, definition->stamp);
    buffer_add(out, definition->id.b, sizeof definition->id.b);
    buffer_add(out, definition->signer.b, sizeof definition->signer.b);
}

static void encode(const struct floor *floor, struct buffer *out)
{
    buffer_add_u8(out, FORMAT);
    buffer_add(out, floor->job, sizeof floor->job);
    buffer_add_u64(out, floor->deleted_life);
    add_definition(out, &floor->definition);
    buffer_add_u16(out, (uint16_t)floor->pause_count);
    for (size_t i = 0; i < floor->pause_count; i++) {
        buffer_add(out, floor->pauses[i].id.b, sizeof floor->pauses[i].id.b);
        buffer_add_u64(out, floor->pauses[i].life);
        buffer_add_u64(out, (uint64_t)floor->pauses[i].until_ms);
    }
    buffer_add_u16(out, (uint16_t)floor->lift_count);
    for (size_t i = 0; i < floor->lift_count; i++) {
        buffer_add(out, floor->lifts[i].pause.b, sizeof floor->lifts[i].pause.b);
        buffer_add_u64(out, floor->lifts[i].life);
        buffer_add_u64(out, floor->lifts[i].stamp);
        buffer_add(out, floor->lifts[i].signer.b, sizeof floor->lifts[i].signer.b);
    }
}

static void decode_pauses(struct reader *reader, struct floor *floor)
{
    size_t count = reader_u16(reader);
    for (size_t i = 0; i < count && !reader->failed; i++) {
        struct floors_pause pause;
        reader_copy(reader, pause.id.b, sizeof pause.id.b);
        pause.life = reader_u64(reader);
        pause.until_ms = (int64_t)reader_u64(reader);
        add_pause(floor, &pause);
    }
    count = reader_u16(reader);
    for (size_t i = 0; i < count && !reader->failed; i++) {
        struct floors_lift lift;
        reader_copy(reader, lift.pause.b, sizeof lift.pause.b);
        lift.life = reader_u64(reader);
        lift.stamp = reader_u64(reader);
        reader_copy(reader, lift.signer.b, sizeof lift.signer.b);
        add_lift(floor, &lift);
    }
}

// The last entry of a name is what counts.
static void load_entry(void *context, struct bytes payload)
{
    struct floors *floors = context;
    struct reader reader;
    uint8_t job[16];
    reader_init(&reader, payload);
    uint8_t format = reader_u8(&reader);
    reader_copy(&reader, job, sizeof job);
    struct floor *floor = format == FORMAT ? get(floors, job) : NULL;
    if (!floor)
        return;
    struct floors_definition definition;
    floor->pause_count = floor->lift_count = 0;
    floor->deleted_life = reader_u64(&reader);
    definition.life = reader_u64(&reader);
    definition.version = reader_u64(&reader);
    definition.stamp = reader_u64(&reader);
    reader_copy(&reader, definition.id.b, sizeof definition.id.b);
    reader_copy(&reader, definition.signer.b, sizeof definition.signer.b);
    set_definition(floors, floor, &definition);
    decode_pauses(&reader, floor);
}

static int append(struct applog *log, const struct floor *floor)
{
    struct buffer out = {0};
    encode(floor, &out);
    int r = applog_append(log, buffer_view(&out));
    buffer_deinit(&out);
    return r;
}

static int write_fresh(void *context, struct applog *fresh)
{
    const struct floors *floors = context;
    int r = 0;
    for (size_t i = 0; r == 0 && i < floors->slot_count; i++)
        if (floors->slots[i])
            r = append(fresh, floors->slots[i]);
    return r;
}

int floors_open(struct floors *floors, int directory)
{
    *floors = (struct floors){.log.fd = -1};
    int r = applog_open(&floors->log, directory, "floors", load_entry, floors);
    if (r != 0)
        floors_close(floors);
    floors->compact_at_bytes = MAX_OF(floors->log.size_bytes * 2, (uint64_t)COMPACT_SIZE_MIN);
    return r;
}

void floors_close(struct floors *floors)
{
    for (size_t i = 0; i < floors->slot_count; i++) {
        if (!floors->slots[i])
            continue;
        free(floors->slots[i]->pauses);
        free(floors->slots[i]->lifts);
        free(floors->slots[i]);
    }
    free(floors->slots);
    free(floors->by_id);
    applog_close(&floors->log);
    *floors = (struct floors){.log = {.fd = -1, .failed = true}};
}

int floors_sync(struct floors *floors)
{
    // A rewrite that found no room leaves the old file, which is good and only longer.
    if (floors->log.size_bytes > floors->compact_at_bytes) {
        int r = applog_replace(&floors->log, write_fresh, floors);
        floors->compact_at_bytes = MAX_OF(floors->log.size_bytes * 2, (uint64_t)COMPACT_SIZE_MIN);
        if (r == 0)
            return 0;
    }
    return applog_sync(&floors->log);
}

// --- raising -----------------------------------------------------------------

static int compare(const struct floors_definition *a, const struct floors_definition *b)
{
    if (a->life != b->life)
        return a->life < b->life ? -1 : 1;
    if (a->version != b->version)
        return a->version < b->version ? -1 : 1;
    if (a->stamp != b->stamp)
        return a->stamp < b->stamp ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

int floors_define(struct floors *floors, const struct definition *definition, const struct floors_signed *by)
{
    uint8_t job[16];
    const struct floors_definition candidate = {.life = definition->life,
                                                .version = definition->version,
                                                .stamp = definition->stamp,
                                                .id = by->id,
                                                .signer = by->signer};
    hash_name(definition->namespace_name, definition->name, job);
    struct floor *floor = get(floors, job);
    if (!floor)
        return FLOORS_FULL;
    int order = compare(&candidate, &floor->definition);
    if (order == 0)
        return FLOORS_KNOWN;
    if (order < 0 || candidate.life < floor->deleted_life)
        return FLOORS_SUPERSEDED;
    set_definition(floors, floor, &candidate);
    drop_old_lives(floor);
    return append(&floors->log, floor);
}

int floors_delete(struct floors *floors, const struct removal *removal)
{
    uint8_t job[16];
    hash_name(removal->namespace_name, removal->name, job);
    struct floor *floor = get(floors, job);
    if (!floor)
        return FLOORS_FULL;
    if (removal->life <= floor->deleted_life)
        return removal->life == floor->deleted_life ? FLOORS_KNOWN : FLOORS_SUPERSEDED;
    floor->deleted_life = removal->life;
    drop_old_lives(floor);
    return append(&floors->log, floor);
}

static bool has_pause(const struct floor *floor, const struct hash *id)
{
    for (size_t i = 0; i < floor->pause_count; i++)
        if (hash_equal(&floor->pauses[i].id, id))
            return true;
    return false;
}

static int note_pause(struct floor *floor, const struct pause *pause, const struct floors_signed *by)
{
    if (has_pause(floor, &by->id))
        return FLOORS_KNOWN;
    if (!make_room(floor))
        return FLOORS_FULL;
    add_pause(floor, &(struct floors_pause){by->id, pause->life, pause->until_ms});
    return 0;
}

static int note_lifts(struct floor *floor, const struct pause *resume, const struct floors_signed *by)
{
    int outcome = FLOORS_KNOWN;
    for (size_t i = 0; i < resume->lift_count; i++) {
        const struct floors_lift lift = {resume->lifts[i], resume->life, resume->stamp, by->signer};
        bool known = false;
        for (size_t k = 0; k < floor->lift_count; k++)
            known |= hash_equal(&floor->lifts[k].pause, &lift.pause) && floor->lifts[k].stamp == lift.stamp &&
                     node_id_equal(&floor->lifts[k].signer, &lift.signer);
        if (known)
            continue;
        if (!make_room(floor))
            return FLOORS_FULL;
        add_lift(floor, &lift);
        outcome = 0;
    }
    return outcome;
}

int floors_pause(struct floors *floors, const struct pause *pause, const struct floors_signed *by)
{
    uint8_t job[16];
    hash_name(pause->namespace_name, pause->name, job);
    struct floor *floor = get(floors, job);
    if (!floor)
        return FLOORS_FULL;
    if (pause->life < floor_life(floor))
        return FLOORS_SUPERSEDED;
    int outcome = pause->lift_count ? note_lifts(floor, pause, by) : note_pause(floor, pause, by);
    return outcome ? outcome : append(&floors->log, floor);
}

// --- lowering, by revocation only --------------------------------------------

static bool is_void(const struct authority_log *log, const struct node_id *signer, uint64_t stamp)
{
    const struct authority_log_revocation *revocation = authority_log_find_revocation(log, signer);
    return revocation && stamp > revocation->stamp;
}

static bool recheck(struct floors *floors, struct floor *floor, const struct authority_log *log)
{
    bool changed = false;
    if (floor->definition.life && is_void(log, &floor->definition.signer, floor->definition.stamp)) {
        set_definition(floors, floor, &(struct floors_definition){0});
        changed = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < floor->lift_count; i++)
        if (!is_void(log, &floor->lifts[i].signer, floor->lifts[i].stamp))
            floor->lifts[kept++] = floor->lifts[i];
    changed |= kept < floor->lift_count;
    floor->lift_count = kept;
    return changed;
}

int floors_recheck(struct floors *floors, const struct authority_log *log)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < floors->slot_count; i++)
        if (floors->slots[i] && recheck(floors, floors->slots[i], log))
            r = append(&floors->log, floors->slots[i]);
    return r;
}
