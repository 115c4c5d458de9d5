#include "crdt/table_job.h"

#include <stdlib.h>
#include <string.h>

struct table_job_decoded {
    struct table_job_cache *cache;
    struct table_job_decoded *newer, *older;
    struct table_job *job;
    struct arena arena;
    struct definition definition;
};

// --- the name and its list ---------------------------------------------------

struct table_job *table_job_new(const struct table_job_key *key)
{
    size_t namespace_size = strlen(key->namespace_name) + 1, name_size = strlen(key->name) + 1;
    assert(namespace_size <= NAME_ROOM && name_size <= NAME_ROOM);
    struct table_job *job = base_alloc(1, sizeof *job + namespace_size + name_size);
    job->name_offset = (uint8_t)namespace_size;
    memcpy(job->names, key->namespace_name, namespace_size);
    memcpy(job->names + namespace_size, key->name, name_size);
    return job;
}

void table_job_free(struct table_job *job)
{
    if (!job)
        return;
    table_job_trim(job);
    while (job->records) {
        struct table_record *record = job->records;
        job->records = record->next;
        table_record_free(record);
    }
    free(job);
}

struct table_job_key table_job_get_key(const struct table_job *job)
{
    return (struct table_job_key){job->names, job->names + job->name_offset};
}

int table_job_compare(const struct tree_node *node, const void *key)
{
    struct table_job_key mine = table_job_get_key((const struct table_job *)(const void *)node);
    const struct table_job_key *wanted = key;
    int order = strcmp(mine.namespace_name, wanted->namespace_name);
    return order ? order : strcmp(mine.name, wanted->name);
}

void table_job_add(struct table_job *job, struct table_record *record)
{
    struct table_record **link = &job->records;
    while (*link && table_record_order_of(*link, record) < 0)
        link = &(*link)->next;
    record->next = *link;
    record->job = job;
    *link = record;
    job->record_count++;
}

void table_job_remove(struct table_job *job, struct table_record *record)
{
    struct table_record **link = &job->records;
    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    record->next = NULL;
    record->job = NULL;
    job->record_count--;
    if (job->active == record) {
        job->active = NULL;
        table_job_trim(job);
    }
}

// --- what the records add up to ----------------------------------------------

struct settling {
    uint64_t life;
    const struct table_record *active;
    const struct table_record *last_delete;
    struct hash *lifted; // sorted
    size_t lifted_count;
};

static const struct table_record *find_first(const struct table_job *job, enum table_record_kind kind)
{
    const struct table_record *record = job->records;
    while (record && (record->kind != kind || !table_record_counts(record)))
        record = record->next;
    return record;
}

static bool is_resume_of(const struct table_record *record, uint64_t life)
{
    return record->kind == TABLE_RECORD_RESUME && record->life == life && table_record_counts(record);
}

static int hash_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash));
}

static void collect_lifted(const struct table_job *job, struct settling *settling)
{
    size_t count = 0;
    for (const struct table_record *record = job->records; record; record = record->next)
        if (is_resume_of(record, settling->life))
            count += record->lift_count;
    if (!count)
        return;
    settling->lifted = base_alloc(count, sizeof *settling->lifted);
    for (const struct table_record *record = job->records; record; record = record->next) {
        if (!is_resume_of(record, settling->life))
            continue;
        memcpy(settling->lifted + settling->lifted_count, record->lifts,
               record->lift_count * sizeof *record->lifts);
        settling->lifted_count += record->lift_count;
    }
    qsort(settling->lifted, count, sizeof *settling->lifted, hash_order);
}

static bool is_lifted(const struct settling *settling, const struct table_record *pause)
{
    return settling->lifted_count && bsearch(&pause->id.hash, settling->lifted, settling->lifted_count,
                                             sizeof *settling->lifted, hash_order);
}

// The author of the active definition edited this one, or saw it lose. One that says nothing saw all.
static bool was_seen(const struct table_record *active, const struct table_record *record)
{
    for (size_t i = 0; i < active->lift_count; i++)
        if (hash_equal(&active->lifts[i], &record->id.hash))
            return true;
    return active->lift_count == 0;
}

static bool is_rival(const struct table_record *active, const struct table_record *record)
{
    return record->version == active->version ||
           (record->version + 1 == active->version && !was_seen(active, record));
}

static bool should_live(const struct settling *settling, const struct table_record *record)
{
    if (!table_record_counts(record))
        return false;
    switch (record->kind) {
    case TABLE_RECORD_DEFINITION:
        return settling->active && record->life == settling->life && is_rival(settling->active, record);
    case TABLE_RECORD_PAUSE:
        return settling->active && record->life == settling->life && !is_lifted(settling, record);
    case TABLE_RECORD_RESUME:
        return settling->active && record->life == settling->life;
    default:
        return record == settling->last_delete;
    }
}

static void settling_init(struct settling *settling, const struct table_job *job)
{
    const struct table_record *definition = find_first(job, TABLE_RECORD_DEFINITION);
    *settling = (struct settling){.last_delete = find_first(job, TABLE_RECORD_DELETE)};
    if (definition)
        settling->life = definition->life;
    if (settling->last_delete && settling->last_delete->life > settling->life)
        settling->life = settling->last_delete->life;
    if (settling->life % 2)
        settling->active = definition;
    collect_lifted(job, settling);
}

static bool record_settle(struct table_record *record, bool is_live, struct fingerprint *live)
{
    if (record->is_live == is_live)
        return false;
    if (is_live)
        fingerprint_add(live, &record->id.hash);
    else
        fingerprint_remove(live, &record->id.hash);
    record->is_live = is_live;
    return true;
}

bool table_job_settle(struct table_job *job, struct fingerprint *live)
{
    struct settling settling;
    settling_init(&settling, job);
    bool is_changed = job->life != settling.life || job->active != settling.active;
    if (job->active != settling.active)
        table_job_trim(job);
    job->life = settling.life;
    job->active = settling.active;
    job->open_pause_count = 0;
    job->conflict_count = 0;
    for (struct table_record *record = job->records; record; record = record->next) {
        is_changed = record_settle(record, should_live(&settling, record), live) || is_changed;
        if (record->is_live && record->kind == TABLE_RECORD_PAUSE)
            job->open_pause_count++;
        if (record->is_live && record->kind == TABLE_RECORD_DEFINITION && record != job->active)
            job->conflict_count++;
    }
    free(settling.lifted);
    return is_changed;
}

struct table_record *table_job_find_surplus(const struct table_job *job)
{
    struct table_record *lowest = NULL;
    size_t count = 0;
    for (struct table_record *record = job->records; record; record = record->next) {
        if (record->kind != TABLE_RECORD_DEFINITION || record->is_live)
            continue;
        lowest = record;
        count++;
    }
    return count > TABLE_JOB_OLD_DEFINITION_COUNT_MAX ? lowest : NULL;
}

// --- asking ------------------------------------------------------------------

bool table_job_is_paused(const struct table_job *job, int64_t wall_ms)
{
    const struct table_record *pause = NULL;
    while ((pause = table_job_next_pause(job, pause)))
        if (!pause->until_ms || wall_ms < pause->until_ms)
            return true;
    return false;
}

bool table_job_is_runnable(const struct table_job *job)
{
    return job->active && !table_record_is_denied(job->active);
}

enum permission table_job_permission(const struct table_job *job)
{
    return job->active ? job->active->permission : PERMISSION_GRANTED;
}

static void cache_remove(struct table_job_decoded *decoded)
{
    struct table_job_cache *cache = decoded->cache;
    *(decoded->newer ? &decoded->newer->older : &cache->newest) = decoded->older;
    *(decoded->older ? &decoded->older->newer : &cache->oldest) = decoded->newer;
    cache->count--;
}

static void cache_add(struct table_job_cache *cache, struct table_job_decoded *decoded)
{
    decoded->newer = NULL;
    decoded->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = decoded;
    cache->newest = decoded;
    cache->count++;
}

static struct table_job_decoded *decode(struct table_job *job, struct table_job_cache *cache)
{
    struct table_job_decoded *decoded = base_alloc(1, sizeof *decoded);
    decoded->cache = cache;
    decoded->job = job;
    table_record_definition(job->active, &decoded->arena, &decoded->definition);
    return decoded;
}

const struct definition *table_job_definition(struct table_job *job, struct table_job_cache *cache)
{
    if (!job->active)
        return NULL;
    if (!job->decoded) {
        if (cache->count == TABLE_JOB_DECODED_COUNT_MAX)
            table_job_trim(cache->oldest->job);
        job->decoded = decode(job, cache);
    } else {
        cache_remove(job->decoded);
    }
    cache_add(cache, job->decoded);
    return &job->decoded->definition;
}

void table_job_trim(struct table_job *job)
{
    if (!job->decoded)
        return;
    cache_remove(job->decoded);
    arena_deinit(&job->decoded->arena);
    free(job->decoded);
    job->decoded = NULL;
}

const struct table_record *table_job_next_record(const struct table_job *job, const struct table_record *last)
{
    return last ? last->next : job->records;
}

const struct table_record *table_job_next_pause(const struct table_job *job, const struct table_record *last)
{
    const struct table_record *record = table_job_next_record(job, last);
    while (record && !(record->is_live && record->kind == TABLE_RECORD_PAUSE))
        record = record->next;
    return record;
}

const struct table_record *table_job_next_conflict(const struct table_job *job,
                                                   const struct table_record *last)
{
    const struct table_record *record = table_job_next_record(job, last);
    while (record && !(record->is_live && record->kind == TABLE_RECORD_DEFINITION && record != job->active))
        record = record->next;
    return record;
}
