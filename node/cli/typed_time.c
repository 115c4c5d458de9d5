#include "node/cli/typed_time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "node/core/trigger/calendar.h"
#include "node/core/trigger/duration.h"
#include "node/core/trigger/instant.h"
#include "proto/limits.h"

// "2:30", "02:30" or "02:30:15".
static bool parse_clock(const char *text, int64_t *ret_second)
{
    unsigned hour, minute, second = 0;
    int used = 0;
    if (!isdigit((unsigned char)text[0]))
        return false;
    if (sscanf(text, "%2u:%2u%n", &hour, &minute, &used) != 2)
        return false;
    if (text[used] == ':') {
        int more = 0;
        if (sscanf(text + used, ":%2u%n", &second, &more) != 1)
            return false;
        used += more;
    }
    if (text[used] != '\0' || hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_second = (int64_t)hour * 3600 + minute * 60 + second;
    return true;
}

// "sun" or "sunday": 0 ... 6, else -1. `size` is the word's.
static int find_weekday(const char *word, size_t size)
{
    static const char *const NAMES[] = {"sunday",   "monday", "tuesday", "wednesday",
                                        "thursday", "friday", "saturday"};
    for (int i = 0; i < 7; i++) {
        if ((size == 3 || size == strlen(NAMES[i])) && strncasecmp(word, NAMES[i], size) == 0)
            return i;
    }
    return -1;
}

static struct typed_time at_local(const struct typed_time_context *context, int64_t day, int64_t second)
{
    int64_t local_s = day * CALENDAR_DAY_S + second;
    struct zone_local local = zone_local_at(context->zone, local_s);
    int64_t unix_s = local.kind == ZONE_GAP ? local.jump_s : local.first_s;
    return (struct typed_time){unix_s * 1000, local.kind, local_s};
}

static int64_t today(const struct typed_time_context *context)
{
    int64_t unix_s = calendar_floor_divide(context->now_ms, 1000);
    return calendar_floor_divide(unix_s + zone_offset_at(context->zone, unix_s).utc_offset_s, CALENDAR_DAY_S);
}

// The nearest day from today on, in steps of `stride` days, on which the time lies in the wanted direction.
static struct typed_time nearest(const struct typed_time_context *context, int64_t day, int64_t stride,
                                 int64_t second)
{
    bool is_past = context->direction == TYPED_TIME_PAST;
    struct typed_time found = at_local(context, day, second);
    if (is_past && found.ms > context->now_ms)
        found = at_local(context, day - stride, second);
    else if (!is_past && found.ms <= context->now_ms)
        found = at_local(context, day + stride, second);
    return found;
}

// "02:30", "sun 02:30", "today 02:30", "yesterday 02:30", "tomorrow 02:30"; "tomorrow" is its midnight.
static bool parse_day(const char *text, const struct typed_time_context *context, struct typed_time *ret)
{
    int64_t second, day = today(context);
    size_t word = strcspn(text, " ");
    const char *clock = text + word + strspn(text + word, " ");
    if (parse_clock(text, &second)) {
        *ret = nearest(context, day, 1, second);
        return true;
    }
    if (*clock == '\0')
        second = 0;
    else if (!parse_clock(clock, &second))
        return false;
    int weekday = *clock ? find_weekday(text, word) : -1;
    if (weekday >= 0) {
        int back = (calendar_weekday_of(day) - weekday + 7) % 7;
        bool is_past = context->direction == TYPED_TIME_PAST;
        *ret = nearest(context, is_past ? day - back : day + (7 - back) % 7, 7, second);
        return true;
    }
    static const struct {
        const char *name;
        int distance;
    } DAYS[] = {{"yesterday", -1}, {"today", 0}, {"tomorrow", 1}};
    for (size_t i = 0; i < COUNT_OF(DAYS); i++) {
        if (word == strlen(DAYS[i].name) && strncasecmp(text, DAYS[i].name, word) == 0) {
            *ret = at_local(context, day + DAYS[i].distance, second);
            return true;
        }
    }
    return false;
}

// "in 5m", "5m ago" and, where there is only one direction that makes sense, "5m".
static bool parse_distance(const char *text, const struct typed_time_context *context, struct typed_time *ret)
{
    char part[LIMIT_TIME_TEXT_SIZE_MAX + 1];
    uint64_t distance_ms;
    struct trigger_error ignored;
    size_t size = strlen(text);
    bool is_past = context->direction == TYPED_TIME_PAST;
    if (size > LIMIT_TIME_TEXT_SIZE_MAX)
        return false;
    if (strncasecmp(text, "in ", 3) == 0) {
        is_past = false;
        snprintf(part, sizeof part, "%s", text + 3);
    } else if (size > 4 && strcasecmp(text + size - 4, " ago") == 0) {
        is_past = true;
        snprintf(part, sizeof part, "%.*s", (int)size - 4, text);
    } else {
        snprintf(part, sizeof part, "%s", text);
    }
    if (!duration_parse(part, &distance_ms, &ignored))
        return false;
    *ret =
        (struct typed_time){.ms = context->now_ms + (is_past ? -(int64_t)distance_ms : (int64_t)distance_ms)};
    return ret->ms >= 0;
}

bool typed_time_parse(const char *text, const struct typed_time_context *context, struct typed_time *ret,
                      struct trigger_error *ret_error)
{
    struct instant instant;
    if (strcasecmp(text, "now") == 0) {
        *ret = (struct typed_time){.ms = context->now_ms};
        return true;
    }
    if (parse_day(text, context, ret) || parse_distance(text, context, ret))
        return true;
    if (isdigit((unsigned char)text[0])) {
        char whole[LIMIT_TIME_TEXT_SIZE_MAX + 1];
        bool is_date = strlen(text) == strlen("2027-03-28");
        snprintf(whole, sizeof whole, "%sT00:00", text);
        if (!instant_parse(is_date ? whole : text, context->zone, &instant, ret_error))
            return false;
        *ret = (struct typed_time){instant.ms, instant.kind, instant.local_s};
        return true;
    }
    return trigger_error_set(ret_error, 1,
                             "write a time like 2027-03-28T01:30, \"sun 02:30\", \"in 5m\" or \"5m ago\"");
}

void typed_time_note(const struct typed_time *time, const struct zone *zone,
                     char ret_text[TYPED_TIME_NOTE_ROOM])
{
    struct dst_note note = {.kind = DST_NOTE_NONE};
    char text[DST_NOTE_TEXT_SIZE] = "";
    if (time->kind != ZONE_UNIQUE)
        note = dst_note_of_local(zone, time->local_s);
    dst_note_print(&note, text);
    snprintf(ret_text, TYPED_TIME_NOTE_ROOM, "%s%s", text,
             time->kind == ZONE_GAP ? "; right after the jump is meant" : "");
}
