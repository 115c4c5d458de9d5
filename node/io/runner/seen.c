#include "node/io/runner/seen.h"

#include <stdlib.h>
#include <string.h>

#include "proto/sorted.h"

enum { SLOT_COUNT_MIN = 256 };

struct seen_key seen_key_of(const struct occurrence *occurrence)
{
    struct seen_key key = {.due_ms = occurrence->due_ms};
    struct hasher hasher;
    struct hash hash;
    if (occurrence->trigger == OCCURRENCE_ORDER) {
        hasher_start(&hasher, "katydid-seen-order");
        hasher_add(&hasher, occurrence->cause.b, sizeof occurrence->cause.b);
        hash = hasher_finish(&hasher);
        memcpy(key.occurrence, hash.b, sizeof key.occurrence);
        key.due_ms = 0;
        return key;
    }
    hash = occurrence_id_of(occurrence).hash;
    memcpy(key.occurrence, hash.b, sizeof key.occurrence);
    hasher_start(&hasher, "katydid-seen-series");
    hasher_add_text(&hasher, occurrence->job);
    hasher_add_u64(&hasher, occurrence->life);
    hasher_add_u64(&hasher, occurrence->schedule_version);
    hasher_add_u64(&hasher, occurrence->trigger);
    hasher_add(&hasher, occurrence->target.b, sizeof occurrence->target.b);
    hash = hasher_finish(&hasher);
    memcpy(&key.series, hash.b, sizeof key.series);
    key.series |= 1; // never the mark of an order
    return key;
}

void seen_deinit(struct seen *seen)
{
    free(seen->slots);
    free(seen->watermarks);
    *seen = (struct seen){0};
}

// The slot of this key, or the empty one where it would go.
static struct seen_entry *find_slot(const struct seen *seen, const struct seen_key *key)
{
    uint64_t start;
    memcpy(&start, key->occurrence, sizeof start); // a hash already
    for (size_t i = (size_t)start & (seen->slot_count - 1);; i = (i + 1) & (seen->slot_count - 1)) {
        struct seen_entry *entry = &seen->slots[i];
        if (entry->attempt == 0 ||
            memcmp(entry->key.occurrence, key->occurrence, sizeof key->occurrence) == 0)
            return entry;
    }
}

uint16_t seen_attempt(const struct seen *seen, const struct seen_key *key)
{
    return seen->slot_count ? find_slot(seen, key)->attempt : 0;
}

static int compare_watermarks(const void *element, const void *key)
{
    const struct seen_watermark *watermark = element;
    const uint64_t *series = key;
    return (watermark->series > *series) - (watermark->series < *series);
}

static bool find_watermark(const struct seen *seen, uint64_t series, size_t *ret_at)
{
    return sorted_find(SORTED(seen->watermarks, seen->watermark_count, compare_watermarks), &series, ret_at);
}

bool seen_is_forgotten(const struct seen *seen, const struct seen_key *key)
{
    size_t at;
    return find_watermark(seen, key->series, &at) && key->due_ms <= seen->watermarks[at].due_ms;
}

void seen_add_watermark(struct seen *seen, uint64_t series, int64_t due_ms)
{
    size_t at;
    if (find_watermark(seen, series, &at)) {
        seen->watermarks[at].due_ms = MAX_OF(seen->watermarks[at].due_ms, due_ms);
        return;
    }
    void *array = seen->watermarks;
    struct seen_watermark *added =
        sorted_insert(&array, &seen->watermark_count, &seen->watermark_capacity, at, sizeof *added);
    seen->watermarks = array;
    *added = (struct seen_watermark){series, due_ms};
}

// Builds the slots anew, without the entries `drop` says; those leave a watermark.
static void rebuild(struct seen *seen, size_t slot_count,
                    bool (*drop)(const struct seen_entry *, const void *), const void *context)
{
    struct seen old = *seen;
    seen->slots = base_alloc(slot_count, sizeof *seen->slots);
    seen->slot_count = slot_count;
    seen->count = 0;
    for (size_t i = 0; i < old.slot_count; i++) {
        const struct seen_entry *entry = &old.slots[i];
        if (entry->attempt == 0)
            continue;
        if (drop && drop(entry, context)) {
            if (entry->key.series)
                seen_add_watermark(seen, entry->key.series, entry->key.due_ms);
        } else {
            *find_slot(seen, &entry->key) = *entry;
            seen->count++;
        }
    }
    free(old.slots);
}

static int compare_series(const void *a, const void *b)
{
    const struct seen_watermark *left = a, *right = b;
    if (left->series != right->series)
        return left->series < right->series ? -1 : 1;
    return left->due_ms < right->due_ms ? -1 : left->due_ms > right->due_ms;
}

// The median due time of the trigger with the most entries; false when there are only orders.
static bool find_crowd(const struct seen *seen, struct seen_watermark *ret_median)
{
    struct seen_watermark *dues = base_alloc(seen->count + 1, sizeof *dues);
    size_t count = 0, best = 0, first = 0;
    for (size_t i = 0; i < seen->slot_count; i++)
        if (seen->slots[i].attempt && seen->slots[i].key.series)
            dues[count++] = (struct seen_watermark){seen->slots[i].key.series, seen->slots[i].key.due_ms};
    qsort(dues, count, sizeof *dues, compare_series);
    for (size_t i = 0; i < count; i++) {
        if (dues[i].series != dues[first].series)
            first = i;
        if (i - first + 1 > best) {
            best = i - first + 1;
            *ret_median = dues[first + (i - first) / 2];
        }
    }
    free(dues);
    return count > 0;
}

static bool is_below(const struct seen_entry *entry, const void *context)
{
    const struct seen_watermark *watermark = context;
    return entry->key.series == watermark->series && entry->key.due_ms <= watermark->due_ms;
}

size_t seen_count_since(const struct seen *seen, uint64_t series, int64_t after_ms)
{
    size_t count = 0;
    for (size_t i = 0; i < seen->slot_count; i++) {
        const struct seen_entry *entry = &seen->slots[i];
        count += entry->attempt && entry->key.series == series && entry->at_ms > after_ms;
    }
    return count;
}

bool seen_add(struct seen *seen, const struct seen_key *key, uint16_t attempt, int64_t at_ms)
{
    struct seen_watermark crowd;
    assert(attempt > 0);
    if (seen->count >= SEEN_COUNT_MAX && seen_attempt(seen, key) == 0) {
        if (!find_crowd(seen, &crowd))
            return false;
        rebuild(seen, seen->slot_count, is_below, &crowd);
    }
    if (seen->count * 4 >= seen->slot_count * 3)
        rebuild(seen, MAX_OF(seen->slot_count * 2, (size_t)SLOT_COUNT_MIN), NULL, NULL);
    struct seen_entry *entry = find_slot(seen, key);
    if (entry->attempt == 0)
        seen->count++;
    *entry = (struct seen_entry){.key = *key, .at_ms = at_ms, .attempt = MAX_OF(attempt, entry->attempt)};
    return true;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

// The oldest time that is among the newest SEEN_COUNT_KEPT.
static int64_t kept_since(const struct seen *seen)
{
    int64_t *times = base_alloc(seen->count + 1, sizeof *times);
    size_t count = 0;
    for (size_t i = 0; i < seen->slot_count; i++)
        if (seen->slots[i].attempt)
            times[count++] = seen->slots[i].at_ms;
    qsort(times, count, sizeof *times, compare_times);
    int64_t since = times[count - SEEN_COUNT_KEPT];
    free(times);
    return since;
}

static bool is_older(const struct seen_entry *entry, const void *context)
{
    return entry->at_ms < *(const int64_t *)context;
}

void seen_expire(struct seen *seen, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < seen->watermark_count; i++)
        if (seen->watermarks[i].due_ms > now_ms - SEEN_WATERMARK_AGE_MS)
            seen->watermarks[kept++] = seen->watermarks[i];
    seen->watermark_count = kept;
    if (seen->count <= SEEN_COUNT_KEPT)
        return;
    int64_t since = MIN_OF(now_ms - SEEN_AGE_MS, kept_since(seen));
    rebuild(seen, seen->slot_count, is_older, &since);
}
