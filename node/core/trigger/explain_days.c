#include "node/core/trigger/explain_days.h"

enum {
    ALL_WEEKDAYS = 0x7f,
    WORKDAYS = 0x3e,
    WEEKEND = 0x41,
    ALL_MONTHS = 0x1ffe,
};

static const uint32_t all_days = 0xfffffffe;

static const char *const weekday_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
static const char *const weekday_plurals[] = {"Sundays",   "Mondays", "Tuesdays", "Wednesdays",
                                              "Thursdays", "Fridays", "Saturdays"};
static const char *const month_names[] = {"",        "January",  "February", "March",  "April",
                                          "May",     "June",     "July",     "August", "September",
                                          "October", "November", "December"};
static const char *const ordinals[] = {"first", "second", "third", "fourth", "fifth"};

// A list of parts, "on A, on B and on C": told twice, first to count them.
struct parts {
    struct phrase *phrase; // NULL: only count
    size_t index;
    size_t count;
};

// True: the part has to be said now.
static bool begin_part(struct parts *parts)
{
    size_t index = parts->index++;
    if (!parts->phrase)
        return false;
    phrase_add(parts->phrase, "%s", phrase_joint(index, parts->count));
    return true;
}

static const char *ordinal_ending(int number)
{
    bool is_teen = number / 10 == 1;
    return is_teen            ? "th"
           : number % 10 == 1 ? "st"
           : number % 10 == 2 ? "nd"
           : number % 10 == 3 ? "rd"
                              : "th";
}

static void add_from_end(struct parts *parts, uint32_t bits, bool is_workday)
{
    for (; bits; bits &= bits - 1) {
        int before = __builtin_ctz(bits);
        if (!begin_part(parts))
            continue;
        if (before == 0)
            phrase_add(parts->phrase, "on the last %s", is_workday ? "workday" : "day");
        else
            phrase_add(parts->phrase, "on the %s%d%s day before the last",
                       is_workday ? "workday nearest to the " : "", before, ordinal_ending(before));
    }
}

static void add_days(struct parts *parts, const struct cron_days *days)
{
    if (days->days && begin_part(parts)) {
        phrase_add(parts->phrase, "on day%s ", days->days & (days->days - 1) ? "s" : "");
        phrase_add_values(parts->phrase, days->days, NULL);
    }
    for (uint32_t bits = days->workdays; bits; bits &= bits - 1)
        if (begin_part(parts))
            phrase_add(parts->phrase, "on the workday nearest to day %d", __builtin_ctz(bits));
    add_from_end(parts, days->from_end, false);
    add_from_end(parts, days->workdays_from_end, true);
}

static void add_plain_weekdays(struct phrase *phrase, uint32_t weekdays, bool is_alone)
{
    if (weekdays == WORKDAYS) {
        phrase_add(phrase, "on weekdays");
    } else if (weekdays == WEEKEND) {
        phrase_add(phrase, "at weekends");
    } else if (is_alone && !(weekdays & (weekdays - 1))) {
        phrase_add(phrase, "on every %s", weekday_names[__builtin_ctz(weekdays)]);
    } else {
        // The week of people begins on Monday, so Sunday comes last.
        uint64_t from_monday = (weekdays >> 1) | (weekdays & 1) << 6;
        const char *const *names = weekday_plurals;
        const char *const by_monday[] = {names[1], names[2], names[3], names[4],
                                         names[5], names[6], names[0]};
        phrase_add(phrase, "on ");
        phrase_add_values(phrase, from_monday, by_monday);
    }
}

static void add_weekdays(struct parts *parts, const struct cron_days *days, bool is_alone)
{
    if (days->weekdays && begin_part(parts))
        add_plain_weekdays(parts->phrase, days->weekdays, is_alone);
    for (size_t i = 0; i < CRON_DAYS_NTH_MAX; i++)
        for (uint32_t bits = days->nth_weekdays[i]; bits; bits &= bits - 1)
            if (begin_part(parts))
                phrase_add(parts->phrase, "on the %s %s", ordinals[i], weekday_names[__builtin_ctz(bits)]);
    for (uint32_t bits = days->last_weekdays; bits; bits &= bits - 1)
        if (begin_part(parts))
            phrase_add(parts->phrase, "on the last %s", weekday_names[__builtin_ctz(bits)]);
}

static void say_days(struct phrase *phrase, const struct cron_days *days)
{
    struct parts parts = {NULL, 0, 0};
    add_days(&parts, days);
    parts = (struct parts){phrase, 0, parts.index};
    add_days(&parts, days);
}

static void say_weekdays(struct phrase *phrase, const struct cron_days *days, bool is_alone)
{
    struct parts parts = {NULL, 0, 0};
    add_weekdays(&parts, days, is_alone);
    parts = (struct parts){phrase, 0, parts.index};
    add_weekdays(&parts, days, is_alone && parts.count == 1);
}

static bool has_counted(const struct cron_days *days)
{
    uint32_t bits = days->last_weekdays;
    for (size_t i = 0; i < CRON_DAYS_NTH_MAX; i++)
        bits |= days->nth_weekdays[i];
    return bits != 0;
}

static void say_months(struct phrase *phrase, const struct cron_days *days, bool is_of_month)
{
    if (days->months == ALL_MONTHS) {
        phrase_add(phrase, "%s", is_of_month ? " of the month" : "");
        return;
    }
    phrase_add(phrase, "%s", is_of_month ? " of " : " in ");
    phrase_add_values(phrase, days->months, month_names);
}

void explain_days(const struct cron_days *days, const char *all, struct phrase *phrase)
{
    bool left_all = days->days == all_days, right_all = days->weekdays == ALL_WEEKDAYS;
    bool is_either = cron_days_is_either(days);
    if ((left_all && right_all) || (is_either && (left_all || right_all))) {
        phrase_add(phrase, "%s", all);
        say_months(phrase, days, false);
        return;
    }
    phrase_add(phrase, " ");
    if (left_all) {
        say_weekdays(phrase, days, true);
        say_months(phrase, days, has_counted(days));
    } else if (right_all) {
        say_days(phrase, days);
        say_months(phrase, days, true);
    } else {
        say_days(phrase, days);
        phrase_add(phrase, "%s", is_either ? " or " : " and also ");
        say_weekdays(phrase, days, false);
        say_months(phrase, days, false);
        phrase_add(phrase, " (%s)",
                   is_either ? "both day fields set: either fits" : "a * in a day field: both have to fit");
    }
}
