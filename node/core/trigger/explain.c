#include "node/core/trigger/explain.h"

#include "node/core/trigger/explain_days.h"
#include "node/core/trigger/instant.h"
#include "node/core/trigger/phrase.h"

enum {
    LISTED_MAX = 6, // so many times of a day are listed one by one
    HOUR_COUNT = 24,
};

static const uint64_t all_minutes = (1ULL << 60) - 1;
static const uint64_t all_hours = (1ULL << HOUR_COUNT) - 1;

// The sets of the time of day.
struct times {
    uint64_t seconds;
    uint64_t minutes;
    uint64_t hours;
};

static int32_t count_of(uint64_t bits)
{
    return __builtin_popcountll(bits);
}

static int32_t lowest(uint64_t bits)
{
    return __builtin_ctzll(bits);
}

static bool is_whole(const struct times *times) // minutes: nothing is said of seconds
{
    return times->seconds == 1;
}

// An even row through the whole of 60, so that the distance is the same over the full hour too.
static bool find_even(uint64_t bits, struct phrase_steps *ret)
{
    struct phrase_steps steps;
    if (!phrase_find_steps(bits, &steps) || steps.step == 0 || 60 % steps.step != 0)
        return false;
    if (steps.first >= steps.step || steps.last + steps.step < 60)
        return false;
    *ret = steps;
    return true;
}

// "every 15 minutes", "every second", "every 10 seconds from second 5 on"
static void add_even(struct phrase *phrase, const struct phrase_steps *steps, const char *unit)
{
    if (steps->step == 1)
        phrase_add(phrase, "every %s", unit);
    else
        phrase_add(phrase, "every %d %ss", (int)steps->step, unit);
    if (steps->first)
        phrase_add(phrase, " from %s %d on", unit, (int)steps->first);
}

static void add_listed(struct phrase *phrase, const struct times *times)
{
    size_t index = 0,
           count = (size_t)(count_of(times->hours) * count_of(times->minutes) * count_of(times->seconds));
    phrase_add(phrase, "at ");
    for (uint64_t hours = times->hours; hours; hours &= hours - 1)
        for (uint64_t minutes = times->minutes; minutes; minutes &= minutes - 1)
            for (uint64_t seconds = times->seconds; seconds; seconds &= seconds - 1) {
                phrase_add(phrase, "%s%02d:%02d", phrase_joint(index++, count), lowest(hours),
                           lowest(minutes));
                if (!is_whole(times))
                    phrase_add(phrase, ":%02d", lowest(seconds));
            }
}

// Hours that follow each other, maybe over midnight.
static bool find_hours(uint64_t hours, int32_t *ret_first, int32_t *ret_last)
{
    uint64_t doubled = hours | hours << HOUR_COUNT;
    int32_t count = count_of(hours), first = 0;
    while (first < HOUR_COUNT && (doubled >> first & ((1ULL << count) - 1)) != (1ULL << count) - 1)
        first++;
    if (first == HOUR_COUNT || count == HOUR_COUNT)
        return false;
    *ret_first = first;
    *ret_last = (first + count - 1) % HOUR_COUNT;
    return true;
}

static void add_window(struct phrase *phrase, int32_t first_hour, int32_t last_hour, uint64_t minutes)
{
    phrase_add(phrase, " from %02d:%02d to %02d:%02d", (int)first_hour, lowest(minutes), (int)last_hour,
               63 - __builtin_clzll(minutes));
}

// "minute 5", "minutes 0, 7, 14 ... 56"
static void add_set(struct phrase *phrase, const char *unit, uint64_t bits)
{
    phrase_add(phrase, "%s%s ", unit, count_of(bits) > 1 ? "s" : "");
    phrase_add_values(phrase, bits, NULL);
}

// What follows "every 10 seconds" or "at minute 5": of which hours.
static void add_hours(struct phrase *phrase, uint64_t hours)
{
    if (hours == all_hours) {
        phrase_add(phrase, " of every hour");
    } else {
        phrase_add(phrase, " of ");
        add_set(phrase, "hour", hours);
    }
}

// Seconds other than 0, and more of them than can be listed.
static void add_seconds(struct phrase *phrase, const struct times *times)
{
    struct phrase_steps steps;
    bool is_even = find_even(times->seconds, &steps);
    if (is_even) {
        add_even(phrase, &steps, "second");
    } else {
        phrase_add(phrase, "at ");
        add_set(phrase, "second", times->seconds);
    }
    if (times->minutes == all_minutes) {
        if (!is_even || times->hours != all_hours)
            phrase_add(phrase, " of every minute");
        if (times->hours != all_hours)
            add_hours(phrase, times->hours);
        return;
    }
    phrase_add(phrase, " in ");
    add_set(phrase, "minute", times->minutes);
    add_hours(phrase, times->hours);
}

static void add_every_hour(struct phrase *phrase, uint64_t minutes)
{
    struct phrase_steps steps;
    if (find_even(minutes, &steps)) {
        add_even(phrase, &steps, "minute");
    } else if (minutes == 1) {
        phrase_add(phrase, "every hour, on the hour");
    } else {
        phrase_add(phrase, "at ");
        add_set(phrase, "minute", minutes);
        phrase_add(phrase, " of every hour");
    }
}

static void add_some_hours(struct phrase *phrase, const struct times *times)
{
    struct phrase_steps minutes, hours;
    int32_t first, last;
    bool is_run = find_hours(times->hours, &first, &last);
    bool is_even = find_even(times->minutes, &minutes), is_one = count_of(times->minutes) == 1;
    if (is_run && is_even && minutes.step > 1) {
        phrase_add(phrase, "every %d minutes", (int)minutes.step);
        add_window(phrase, first, last, times->minutes);
    } else if (is_run && (is_one || is_even)) {
        phrase_add(phrase, "%s", is_one ? "every hour" : "every minute");
        add_window(phrase, first, last, times->minutes);
    } else if (is_one && phrase_find_steps(times->hours, &hours)) {
        phrase_add(phrase, "every %d hours", (int)hours.step);
        add_window(phrase, hours.first, hours.last, times->minutes);
    } else {
        phrase_add(phrase, "%s", times->minutes == all_minutes ? "every minute" : "at ");
        if (times->minutes != all_minutes)
            add_set(phrase, "minute", times->minutes);
        add_hours(phrase, times->hours);
    }
}

// Returns what is to be said of days where all fit.
static const char *add_times(struct phrase *phrase, const struct times *times)
{
    int32_t count = count_of(times->hours) * count_of(times->minutes) * count_of(times->seconds);
    if (times->hours != all_hours && count <= LISTED_MAX) {
        add_listed(phrase, times);
        return " every day";
    }
    if (!is_whole(times))
        add_seconds(phrase, times);
    else if (times->hours == all_hours)
        add_every_hour(phrase, times->minutes);
    else
        add_some_hours(phrase, times);
    return times->hours == all_hours ? "" : " every day";
}

static void add_zone(struct phrase *phrase, const char *zone_name)
{
    if (zone_name)
        phrase_add(phrase, ", %s", zone_name);
}

void explain_cron(const struct cron *cron, const char *zone_name, char *out)
{
    const struct times times = {cron->seconds, cron->minutes, cron->hours};
    struct phrase phrase;
    phrase_init(&phrase, out, EXPLAIN_TEXT_SIZE);
    explain_days(&cron->days, add_times(&phrase, &times), &phrase);
    if (cron->is_spread)
        phrase_add(&phrase, " (H: chosen by the job's name)");
    add_zone(&phrase, zone_name);
}

void explain_every(const struct every *every, char *out)
{
    struct phrase phrase;
    phrase_init(&phrase, out, EXPLAIN_TEXT_SIZE);
    phrase_add(&phrase, "every ");
    phrase_add_duration(&phrase, (uint64_t)every->period_ms);
}

void explain_at(const struct at *at, const struct zone *zone, const char *zone_name, char *out)
{
    char first[INSTANT_TEXT_SIZE], last[INSTANT_TEXT_SIZE];
    struct phrase phrase;
    phrase_init(&phrase, out, EXPLAIN_TEXT_SIZE);
    instant_print_local(at->instants_ms[0], zone, first);
    instant_print_local(at->instants_ms[at->count - 1], zone, last);
    if (at->count == 1)
        phrase_add(&phrase, "once, at %s", first);
    else if (at->count == 2)
        phrase_add(&phrase, "twice, at %s and %s", first, last);
    else
        phrase_add(&phrase, "%zu times, from %s to %s", at->count, first, last);
    add_zone(&phrase, zone_name);
}
