#include "node/core/trigger/cron.h"

#include <string.h>

#include "node/core/trigger/cron_field.h"
#include "proto/limits.h"

enum {
    QUOTE_SIZE_MAX = 20,
};

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

// Cuts the text at blanks. One more than a cron expression has tells that there are too many.
static size_t split(const char *text, struct cron_field_text *spans)
{
    size_t count = 0;
    size_t at = 0;
    while (count <= CRON_FIELD_COUNT) {
        while (is_blank(text[at]))
            at++;
        if (!text[at])
            break;
        spans[count].text = text;
        spans[count].start = at;
        while (text[at] && !is_blank(text[at]))
            at++;
        spans[count++].end = at;
    }
    return count;
}

static struct cron cron_of(const struct cron_field *fields)
{
    const uint64_t every_hour = (1u << 24) - 1;
    const struct cron_field *day = &fields[CRON_FIELD_DAY], *weekday = &fields[CRON_FIELD_WEEKDAY];
    const struct cron_field *hour = &fields[CRON_FIELD_HOUR];
    struct cron cron = {
        .seconds = fields[CRON_FIELD_SECOND].values,
        .minutes = fields[CRON_FIELD_MINUTE].values,
        .hours = (uint32_t)hour->values,
        .days = {.days = (uint32_t)day->values,
                 .from_end = day->from_end,
                 .workdays = day->workdays,
                 .workdays_from_end = day->workdays_from_end,
                 .months = (uint16_t)fields[CRON_FIELD_MONTH].values,
                 .weekdays = (uint8_t)weekday->values,
                 .last_weekdays = weekday->last_weekdays,
                 .days_free = day->is_free,
                 .weekdays_free = weekday->is_free},
        .is_real_time = hour->is_free || hour->is_stepped_spread || hour->values == every_hour,
    };
    memcpy(cron.days.nth_weekdays, weekday->nth_weekdays, sizeof cron.days.nth_weekdays);
    for (size_t i = 0; i < CRON_FIELD_COUNT; i++)
        cron.is_spread |= fields[i].is_spread;
    return cron;
}

static bool is_one_bit(uint32_t bits)
{
    return (bits & (bits - 1)) == 0;
}

// The usual reason: days that none of the months has. Else days of the two fields that never meet.
static bool refuse_never(const struct cron_days *days, size_t column, struct trigger_error *ret_error)
{
    static const uint32_t long_months = 1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 12;
    int32_t length = days->months & long_months ? 31 : days->months == 1 << 2 ? 29 : 30;
    uint32_t numbers = days->days | days->workdays, before = days->from_end | days->workdays_from_end;
    bool is_one = is_one_bit(days->months);
    bool is_beyond =
        (!numbers || __builtin_ctz(numbers) > length) && (!before || __builtin_ctz(before) >= length);
    if (!is_beyond)
        return trigger_error_set(ret_error, column,
                                 "it can never fire: no month it names has a day that fits both day fields");
    if (numbers)
        return trigger_error_set(
            ret_error, column, "it can never fire: the %s it names %s at most %d days, so day %d never comes",
            is_one ? "month" : "months", is_one ? "has" : "have", (int)length, __builtin_ctz(numbers));
    return trigger_error_set(
        ret_error, column,
        "it can never fire: the %s it names %s at most %d days, so no day is %d before the last",
        is_one ? "month" : "months", is_one ? "has" : "have", (int)length, __builtin_ctz(before));
}

static bool parse_fields(const char *text, const char *job_name, struct cron *ret,
                         struct trigger_error *ret_error)
{
    struct cron_field_text spans[CRON_FIELD_COUNT + 1];
    struct cron_field fields[CRON_FIELD_COUNT] = {{.values = 1}};
    size_t count = split(text, spans);
    if (count != CRON_FIELD_COUNT && count != CRON_FIELD_COUNT - 1)
        return trigger_error_set(
            ret_error, count > CRON_FIELD_COUNT ? spans[CRON_FIELD_COUNT].start + 1 : strlen(text) + 1,
            "%s fields; allowed are 5 (minute, hour, day of month, month, day of week) or 6 (second first)",
            count > CRON_FIELD_COUNT ? "too many" : "too few");
    size_t skipped = CRON_FIELD_COUNT - count;
    for (size_t i = skipped; i < CRON_FIELD_COUNT; i++)
        if (!cron_field_read((enum cron_field_kind)i, &spans[i - skipped], job_name, &fields[i], ret_error))
            return false;
    struct cron cron = cron_of(fields);
    if (!cron_days_come(&cron.days))
        return refuse_never(&cron.days, spans[CRON_FIELD_DAY - skipped].start + 1, ret_error);
    *ret = cron;
    return true;
}

// Does the text begin with the (upper-case) word, in any case?
static bool begins_with(const char *text, const char *word)
{
    size_t i = 0;
    while (word[i] && upper(text[i]) == word[i])
        i++;
    return !word[i];
}

static bool is_word(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && begins_with(text, word);
}

static bool parse_name(const char *text, size_t start, struct cron *ret, struct trigger_error *ret_error)
{
    static const char *const names[][2] = {
        {"@YEARLY", "0 0 1 1 *"}, {"@ANNUALLY", "0 0 1 1 *"}, {"@MONTHLY", "0 0 1 * *"},
        {"@WEEKLY", "0 0 * * 0"}, {"@DAILY", "0 0 * * *"},    {"@MIDNIGHT", "0 0 * * *"},
        {"@HOURLY", "0 * * * *"},
    };
    const char *name = text + start;
    size_t size = strlen(name);
    while (size && is_blank(name[size - 1]))
        size--;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (is_word(name, size, names[i][0]))
            return parse_fields(names[i][1], "", ret, ret_error);
    if (begins_with(name, "@EVERY") || is_word(name, size, "@REBOOT"))
        return trigger_error_set(ret_error, start + 1,
                                 "'%.*s' is not a time of the calendar but a trigger of another kind (%s)",
                                 trigger_error_quoted(name, size, QUOTE_SIZE_MAX), name,
                                 begins_with(name, "@EVERY") ? "every" : "boot");
    return trigger_error_set(ret_error, start + 1,
                             "'%.*s' is not known; allowed are @yearly @annually @monthly @weekly @daily "
                             "@midnight @hourly, and @every DUR and @reboot as triggers of their own",
                             trigger_error_quoted(name, size, QUOTE_SIZE_MAX), name);
}

bool cron_parse(const char *text, const char *job_name, struct cron *ret, struct trigger_error *ret_error)
{
    if (strlen(text) > LIMIT_CRON_SIZE_MAX)
        return trigger_error_set(ret_error, LIMIT_CRON_SIZE_MAX + 1,
                                 "too long: a cron expression has at most %d characters",
                                 LIMIT_CRON_SIZE_MAX);
    size_t start = 0;
    while (is_blank(text[start]))
        start++;
    if (begins_with(text + start, "TZ=") || begins_with(text + start, "CRON_TZ="))
        return trigger_error_set(ret_error, start + 1,
                                 "a time zone does not belong into the expression; give it as --zone "
                                 "(zone: in a job file)");
    if (text[start] == '@')
        return parse_name(text, start, ret, ret_error);
    return parse_fields(text, job_name, ret, ret_error);
}
