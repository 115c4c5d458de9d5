#include "node/core/trigger/zone.h"

#include <stdlib.h>
#include <string.h>

#include "node/core/trigger/calendar.h"
#include "node/core/trigger/zone_rule.h"
#include "proto/limits.h"

enum {
    HEADER_SIZE = 44,
    TYPE_COUNT_MAX = 256, // a transition names its type in one byte
    TYPE_SIZE = 6,
    FORWARD_STEPS = 3,        // a year and a half of most zones
    UNROLLED_YEAR_MIN = 1968, // for a zone that is all rule: a little before the first due time
    UNROLLED_YEAR_MAX = 2500,
    UNROLLED_COUNT_MAX = 2 * (UNROLLED_YEAR_MAX - UNROLLED_YEAR_MIN + 2),
};

struct transition {
    int64_t at_s;
    uint32_t type; // from at_s on
};

struct zone {
    struct zone_offset *types;
    size_t type_count;
    uint32_t first_type;            // before all transitions
    struct transition *transitions; // ascending, each changes something
    size_t count;
    size_t capacity;
};

// One data block of the file, cut into its parts. All are views.
struct block {
    uint32_t time_count;
    uint32_t type_count;
    size_t time_size; // 4 or 8 bytes
    struct bytes times, indexes, types, names;
    bool has_leap_seconds;
    bool fits; // the counts agree with each other
};

static uint64_t big_endian(const uint8_t *data, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | data[i];
    return value;
}

static int64_t signed_of(uint64_t value, size_t size)
{
    return size == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
}

// ret_version: 0 for the first version, else '2' and up.
static int block_read(struct reader *reader, size_t time_size, uint8_t *ret_version, struct block *ret)
{
    struct bytes head = reader_bytes(reader, HEADER_SIZE);
    if (reader->failed)
        return ZONE_TRUNCATED;
    uint8_t version = head.data[4];
    if (memcmp(head.data, "TZif", 4) != 0 || (version != 0 && (version < '2' || version > '9')))
        return ZONE_NOT_TZIF;
    uint32_t counts[6]; // UT flags, standard flags, leap seconds, transitions, types, characters
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        counts[i] = (uint32_t)big_endian(head.data + 20 + 4 * i, 4);
        if (counts[i] > LIMIT_ZONE_FILE_SIZE_MAX)
            return ZONE_TRUNCATED; // no file we read has room for so many
    }
    struct block block = {.time_count = counts[3], .type_count = counts[4], .time_size = time_size};
    block.times = reader_bytes(reader, counts[3] * time_size);
    block.indexes = reader_bytes(reader, counts[3]);
    block.types = reader_bytes(reader, (size_t)counts[4] * TYPE_SIZE);
    block.names = reader_bytes(reader, counts[5]);
    (void)reader_bytes(reader, counts[2] * (time_size + 4));
    (void)reader_bytes(reader, (size_t)counts[1] + counts[0]);
    if (reader->failed)
        return ZONE_TRUNCATED;
    block.has_leap_seconds = counts[2] != 0;
    block.fits = counts[4] >= 1 && counts[4] <= TYPE_COUNT_MAX && counts[5] >= 1 &&
                 (counts[1] == 0 || counts[1] == counts[4]) && (counts[0] == 0 || counts[0] == counts[4]);
    *ret_version = version;
    *ret = block;
    return 0;
}

// Names are shown to people, so nothing but letters, digits and signs comes through.
static bool abbreviation_read(struct bytes names, size_t at, char *ret)
{
    for (size_t size = 0; size < ZONE_ABBREVIATION_SIZE && at + size < names.size; size++) {
        char c = (char)names.data[at + size];
        ret[size] = c;
        if (!c)
            return true;
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
              c == '-'))
            return false;
    }
    return false;
}

static bool types_read(const struct block *block, struct zone *zone)
{
    for (size_t i = 0; i < block->type_count; i++) {
        const uint8_t *data = block->types.data + i * TYPE_SIZE;
        struct zone_offset *type = &zone->types[i];
        int64_t offset_s = signed_of(big_endian(data, 4), 4);
        if (offset_s <= -ZONE_OFFSET_S_MAX || offset_s >= ZONE_OFFSET_S_MAX || data[4] > 1)
            return false;
        type->utc_offset_s = (int32_t)offset_s;
        type->is_dst = data[4];
        if (!abbreviation_read(block->names, data[5], type->abbreviation))
            return false;
    }
    zone->type_count = block->type_count;
    return true;
}

static bool type_equal(const struct zone_offset *a, const struct zone_offset *b)
{
    return a->utc_offset_s == b->utc_offset_s && a->is_dst == b->is_dst &&
           strcmp(a->abbreviation, b->abbreviation) == 0;
}

// Transitions come in order; of several at one instant the last counts, and one that changes
// nothing is left out.
static void transition_add(struct zone *zone, int64_t at_s, uint32_t type)
{
    if (zone->count && zone->transitions[zone->count - 1].at_s == at_s)
        zone->count--;
    uint32_t before = zone->count ? zone->transitions[zone->count - 1].type : zone->first_type;
    if (type_equal(&zone->types[before], &zone->types[type]))
        return;
    void *array = zone->transitions;
    base_grow(&array, &zone->capacity, zone->count + 1, sizeof *zone->transitions);
    zone->transitions = array;
    zone->transitions[zone->count++] = (struct transition){at_s, type};
}

static bool transitions_read(const struct block *block, struct zone *zone, int64_t *ret_last_s)
{
    int64_t last_s = INT64_MIN;
    for (size_t i = 0; i < block->time_count; i++) {
        int64_t at_s = signed_of(big_endian(block->times.data + i * block->time_size, block->time_size),
                                 block->time_size);
        uint32_t type = block->indexes.data[i];
        if (type >= block->type_count || (i > 0 && at_s <= last_s))
            return false;
        last_s = at_s;
        if (at_s <= ZONE_INSTANT_MIN)
            zone->first_type = type;
        else if (at_s < ZONE_INSTANT_MAX)
            transition_add(zone, at_s, type);
    }
    *ret_last_s = last_s;
    return true;
}

// Insertion sort: years come in order, only odd rules cross a year's end. Equal instants keep their order.
static void boundary_insert(struct transition *sorted, size_t count, struct transition boundary)
{
    size_t at = count;
    for (; at > 0 && sorted[at - 1].at_s > boundary.at_s; at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = boundary;
}

static void rule_unroll(const struct zone_rule *rule, int64_t last_s, struct zone *zone)
{
    uint32_t standard = (uint32_t)zone->type_count++;
    uint32_t daylight = (uint32_t)zone->type_count++;
    zone->types[standard] = rule->standard;
    zone->types[daylight] = rule->daylight;
    if (last_s == INT64_MIN)
        zone->first_type = standard;
    if (!rule->has_daylight || last_s >= ZONE_INSTANT_MAX)
        return;
    int32_t year = UNROLLED_YEAR_MIN;
    if (last_s > 0)
        year = calendar_date_of(last_s / CALENDAR_DAY_S).year - 1;
    struct transition *boundaries = base_alloc(UNROLLED_COUNT_MAX, sizeof *boundaries);
    size_t count = 0;
    for (; year <= UNROLLED_YEAR_MAX; year++) {
        boundary_insert(boundaries, count++, (struct transition){zone_rule_start_s(rule, year), daylight});
        boundary_insert(boundaries, count++, (struct transition){zone_rule_end_s(rule, year), standard});
    }
    for (size_t i = 0; i < count; i++)
        if (boundaries[i].at_s > last_s && boundaries[i].at_s < ZONE_INSTANT_MAX)
            transition_add(zone, boundaries[i].at_s, boundaries[i].type);
    free(boundaries);
}

// "\n" rule "\n"; an empty rule says nothing about the time after the table.
static int footer_read(struct reader *reader, int64_t last_s, struct zone *zone)
{
    struct bytes rest = reader->rest;
    const uint8_t *end = rest.size > 1 ? memchr(rest.data + 1, '\n', rest.size - 1) : NULL;
    if (!end)
        return ZONE_TRUNCATED;
    if (rest.data[0] != '\n')
        return ZONE_BAD_RULE;
    struct bytes text = {rest.data + 1, (size_t)(end - rest.data) - 1};
    struct zone_rule rule;
    if (!text.size)
        return 0;
    if (!zone_rule_parse(text, &rule))
        return ZONE_BAD_RULE;
    rule_unroll(&rule, last_s, zone);
    return 0;
}

static int zone_fill(struct reader *reader, struct zone *zone)
{
    uint8_t version;
    struct block block;
    int outcome = block_read(reader, 4, &version, &block);
    if (!outcome && version)
        outcome = block_read(reader, 8, &version, &block);
    if (outcome)
        return outcome;
    if (block.has_leap_seconds)
        return ZONE_LEAP_SECONDS;
    int64_t last_s;
    zone->types = base_alloc(TYPE_COUNT_MAX + 2, sizeof *zone->types);
    if (!block.fits || !types_read(&block, zone) || !transitions_read(&block, zone, &last_s))
        return ZONE_MALFORMED;
    return version ? footer_read(reader, last_s, zone) : 0;
}

int zone_decode(struct bytes tzif, struct zone **ret)
{
    if (tzif.size > LIMIT_ZONE_FILE_SIZE_MAX)
        return ZONE_TOO_LARGE;
    struct reader reader;
    reader_init(&reader, tzif);
    struct zone *zone = base_alloc(1, sizeof *zone);
    int outcome = zone_fill(&reader, zone);
    if (outcome) {
        zone_free(zone);
        return outcome;
    }
    zone->types = base_resize(zone->types, zone->type_count, sizeof *zone->types);
    *ret = zone;
    return 0;
}

const char *zone_outcome_text(int outcome)
{
    switch ((enum zone_outcome)outcome) {
    case ZONE_TOO_LARGE:
        return "the zone file is larger than 64 KiB";
    case ZONE_NOT_TZIF:
        return "the file is not a compiled time zone (TZif)";
    case ZONE_TRUNCATED:
        return "the zone file is cut short";
    case ZONE_MALFORMED:
        return "the zone file contradicts itself";
    case ZONE_LEAP_SECONDS:
        return "the zone file counts leap seconds, which unix time does not (use the name without right/)";
    case ZONE_BAD_RULE:
        return "the rule at the end of the zone file makes no sense";
    }
    return "the zone file is fine";
}

void zone_free(struct zone *zone)
{
    if (!zone || zone == zone_utc())
        return;
    free(zone->types);
    free(zone->transitions);
    free(zone);
}

const struct zone *zone_utc(void)
{
    static const struct zone_offset type = {.abbreviation = "UTC"};
    // The cast is safe: nothing writes to a zone once it is out of zone_decode.
    static const struct zone utc = {.types = (struct zone_offset *)(uintptr_t)&type, .type_count = 1};
    return &utc;
}

// How many transitions lie at or before the instant.
static size_t passed_count(const struct zone *zone, int64_t unix_s)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->transitions[middle].at_s <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Period 0 lies before the first transition, period i begins with transition i - 1.
static const struct zone_offset *period_type(const struct zone *zone, size_t index)
{
    return &zone->types[index ? zone->transitions[index - 1].type : zone->first_type];
}

static struct zone_period period_of(const struct zone *zone, size_t index)
{
    return (struct zone_period){
        .start_s = index ? zone->transitions[index - 1].at_s : ZONE_INSTANT_MIN,
        .end_s = index < zone->count ? zone->transitions[index].at_s : ZONE_FOREVER,
        .utc_offset_s = period_type(zone, index)->utc_offset_s,
        .before_s = period_type(zone, index ? index - 1 : 0)->utc_offset_s,
        .index = index,
    };
}

struct zone_offset zone_offset_at(const struct zone *zone, int64_t unix_s)
{
    return *period_type(zone, passed_count(zone, unix_s));
}

struct zone_period zone_period_at(const struct zone *zone, int64_t unix_s)
{
    return period_of(zone, passed_count(zone, unix_s));
}

struct zone_period zone_period_forward(const struct zone *zone, const struct zone_period *from,
                                       int64_t unix_s)
{
    const size_t near = MIN_OF(from->index + FORWARD_STEPS, zone->count);
    for (size_t i = from->index; i <= near; i++)
        if (i == zone->count || unix_s < zone->transitions[i].at_s)
            return period_of(zone, i);
    return zone_period_at(zone, unix_s);
}

bool zone_next_transition(const struct zone *zone, int64_t after_s, int64_t *ret_s)
{
    size_t index = passed_count(zone, after_s);
    if (index >= zone->count)
        return false;
    *ret_s = zone->transitions[index].at_s;
    return true;
}

struct zone_local zone_local_at(const struct zone *zone, int64_t local_s)
{
    local_s = MAX_OF(MIN_OF(local_s, ZONE_FOREVER), ZONE_INSTANT_MIN);
    struct zone_local local = {.kind = ZONE_GAP};
    bool found = false;
    size_t last = passed_count(zone, local_s + ZONE_OFFSET_S_MAX);
    for (size_t i = passed_count(zone, local_s - ZONE_OFFSET_S_MAX); i <= last; i++) {
        struct zone_period period = period_of(zone, i);
        int64_t unix_s = local_s - period.utc_offset_s;
        bool is_open = i == 0 || unix_s >= period.start_s;
        if (is_open && (i == zone->count || unix_s < period.end_s)) {
            local.kind = found ? ZONE_OVERLAP : ZONE_UNIQUE;
            local.first_s = found ? local.first_s : unix_s;
            local.second_s = unix_s;
            local.jump_s = local.first_s;
            found = true;
        } else if (!found && !is_open && local_s - period.before_s >= period.start_s) {
            local.first_s = local_s - period.before_s;
            local.second_s = unix_s;
            local.jump_s = period.start_s;
        }
    }
    return local;
}
