#include "node/core/trigger/dst_note.h"

#include "node/core/trigger/calendar.h"
#include "node/core/trigger/phrase.h"

static struct dst_note_change change_at(const struct zone *zone, int64_t at_s)
{
    return (struct dst_note_change){at_s, zone_offset_at(zone, at_s - 1), zone_offset_at(zone, at_s)};
}

struct dst_note dst_note_of_local(const struct zone *zone, int64_t local_s)
{
    struct zone_local local = zone_local_at(zone, local_s);
    struct dst_note note = {.local_s = local_s};
    if (local.kind == ZONE_UNIQUE)
        return note;
    note.kind = local.kind == ZONE_GAP ? DST_NOTE_MISSING : DST_NOTE_FIRST;
    note.change =
        change_at(zone, local.kind == ZONE_GAP ? local.jump_s : zone_period_at(zone, local.second_s).start_s);
    return note;
}

struct dst_note dst_note_of_instant(const struct zone *zone, int64_t unix_s)
{
    int64_t local_s = unix_s + zone_offset_at(zone, unix_s).utc_offset_s;
    struct dst_note note = dst_note_of_local(zone, local_s);
    if (note.kind == DST_NOTE_FIRST && unix_s != zone_local_at(zone, local_s).first_s)
        note.kind = DST_NOTE_SECOND;
    return note;
}

struct dst_note dst_note_of_moved(const struct zone *zone, int64_t unix_s, int64_t local_s)
{
    return (struct dst_note){DST_NOTE_MOVED, local_s, change_at(zone, unix_s)};
}

bool dst_note_next_change(const struct zone *zone, int64_t after_s, struct dst_note_change *ret)
{
    int64_t at_s = after_s;
    while (zone_next_transition(zone, at_s, &at_s)) {
        struct dst_note_change change = change_at(zone, at_s);
        if (change.before.utc_offset_s != change.after.utc_offset_s) {
            *ret = change;
            return true;
        }
    }
    return false;
}

static int64_t day_of(int64_t local_s)
{
    return calendar_floor_divide(local_s, CALENDAR_DAY_S);
}

static void add_time(struct phrase *phrase, int64_t local_s)
{
    int second = (int)(local_s - day_of(local_s) * CALENDAR_DAY_S);
    phrase_add(phrase, "%02d:%02d", second / 3600, second / 60 % 60);
    if (second % 60)
        phrase_add(phrase, ":%02d", second % 60);
}

static void add_date(struct phrase *phrase, int64_t local_s)
{
    struct calendar_date date = calendar_date_of(day_of(local_s));
    phrase_add(phrase, "%04d-%02d-%02d ", (int)date.year, (int)date.month, (int)date.day);
}

// "02:00 -> 03:00"; where the date changes too, both have it.
static void add_change(struct phrase *phrase, const struct dst_note_change *change, bool with_date)
{
    int64_t before_s = change->at_s + change->before.utc_offset_s;
    int64_t after_s = change->at_s + change->after.utc_offset_s;
    bool is_other_day = day_of(before_s) != day_of(after_s);
    if (with_date || is_other_day)
        add_date(phrase, before_s);
    add_time(phrase, before_s);
    phrase_add(phrase, " -> ");
    if (is_other_day)
        add_date(phrase, after_s);
    add_time(phrase, after_s);
}

void dst_note_print(const struct dst_note *note, char *out)
{
    struct phrase phrase;
    phrase_init(&phrase, out, DST_NOTE_TEXT_SIZE);
    if (note->kind == DST_NOTE_NONE)
        return;
    if (note->kind == DST_NOTE_MOVED)
        phrase_add(&phrase, "moved from ");
    add_time(&phrase, note->local_s);
    if (note->kind == DST_NOTE_MISSING)
        phrase_add(&phrase, " does not exist (the clock jumps ");
    else if (note->kind == DST_NOTE_MOVED)
        phrase_add(&phrase, " by the jump ");
    else
        phrase_add(&phrase, " is shown twice (the clock goes back ");
    add_change(&phrase, &note->change, false);
    if (note->kind == DST_NOTE_MISSING)
        phrase_add(&phrase, ")");
    else if (note->kind != DST_NOTE_MOVED)
        phrase_add(&phrase, "): this is the %s", note->kind == DST_NOTE_FIRST ? "first" : "second");
}

void dst_note_print_change(const struct dst_note_change *change, char *out)
{
    struct phrase phrase;
    phrase_init(&phrase, out, DST_NOTE_TEXT_SIZE);
    add_change(&phrase, change, true);
    phrase_add(&phrase, " (%s -> %s)", change->before.abbreviation, change->after.abbreviation);
}
