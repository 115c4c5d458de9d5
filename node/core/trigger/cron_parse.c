#include "node/core/trigger/cron.h"

#include <string.h>

#include "proto/limits.h"

enum {
    FIELD_COUNT = 6,
    DAY_FIELD = 3,
    NAME_LENGTH = 3,
    NUMBER_MAX = 9999, // more digits than any value has; larger numbers stop counting here
    QUOTE_SIZE_MAX = 20,
};

struct field {
    const char *name;
    const char *allowed;
    int32_t low;
    int32_t count; // of different values from low on
    int32_t last;  // the highest number that may be written: 7 is one more name of Sunday
    const char *names;
    bool takes_question_mark;
};

static const struct field fields[FIELD_COUNT] = {
    {"second", "0-59, ranges, lists, steps and *", 0, 60, 59, NULL, false},
    {"minute", "0-59, ranges, lists, steps and *", 0, 60, 59, NULL, false},
    {"hour", "0-23, ranges, lists, steps and *", 0, 24, 23, NULL, false},
    {"day of month", "1-31, ranges, lists, steps, * and ?", 1, 31, 31, NULL, true},
    {"month", "1-12, JAN-DEC, ranges, lists, steps and *", 1, 12, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC",
     false},
    {"day of week", "0-7 (0 and 7 are Sunday), SUN-SAT, ranges, lists, steps, * and ?", 0, 7, 7,
     "SUNMONTUEWEDTHUFRISAT", true},
};

// One field being read.
struct reading {
    const char *text; // the whole expression, for columns
    size_t at;
    size_t end; // of this field
    const struct field *field;
    struct trigger_error *error;
};

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return upper(c) >= 'A' && upper(c) <= 'Z';
}

static char peek(const struct reading *reading)
{
    return reading->at < reading->end ? reading->text[reading->at] : 0;
}

static bool take(struct reading *reading, char wanted)
{
    if (!wanted || peek(reading) != wanted)
        return false;
    reading->at++;
    return true;
}

// "minute: 'x' is wrong; allowed are ...", with what stands in [from, to) in the quotes.
static bool refuse(const struct reading *reading, size_t from, size_t to, const char *what)
{
    return trigger_error_set(reading->error, from + 1, "%s: '%.*s' %s; allowed are %s", reading->field->name,
                             (int)MIN_OF(to - from, (size_t)QUOTE_SIZE_MAX), reading->text + from, what,
                             reading->field->allowed);
}

static bool refuse_next(const struct reading *reading)
{
    char c = upper(peek(reading));
    if (!c || c == ',' || c == '/' || c == '-')
        return trigger_error_set(reading->error, reading->at + 1, "%s: a value is missing; allowed are %s",
                                 reading->field->name, reading->field->allowed);
    bool is_extension = c == 'L' || c == 'W' || c == 'H' || c == '#';
    return refuse(reading, reading->at, reading->at + 1,
                  is_extension ? "is not understood by this version" : "has no meaning here");
}

static bool read_number(struct reading *reading, int32_t *ret)
{
    int32_t value = 0;
    if (!is_digit(peek(reading)))
        return refuse_next(reading);
    for (; is_digit(peek(reading)); reading->at++)
        value = MIN_OF(value * 10 + (peek(reading) - '0'), NUMBER_MAX);
    *ret = value;
    return true;
}

static bool read_name(struct reading *reading, int32_t *ret)
{
    size_t start = reading->at, end = start;
    while (end < reading->end && is_letter(reading->text[end]))
        end++;
    const char *names = reading->field->names;
    for (int32_t i = 0; names && end - start == NAME_LENGTH && i < reading->field->count; i++) {
        const char *name = names + NAME_LENGTH * i;
        const char *given = reading->text + start;
        if (upper(given[0]) == name[0] && upper(given[1]) == name[1] && upper(given[2]) == name[2]) {
            reading->at = end;
            *ret = reading->field->low + i;
            return true;
        }
    }
    if (end - start < NAME_LENGTH)
        return refuse_next(reading);
    return refuse(reading, start, end, names ? "is not one of the names" : "is not a number");
}

static bool read_value(struct reading *reading, int32_t *ret)
{
    size_t start = reading->at;
    int32_t value;
    if (is_letter(peek(reading)))
        return read_name(reading, ret);
    if (!read_number(reading, &value))
        return false;
    if (value < reading->field->low || value > reading->field->last)
        return refuse(reading, start, reading->at, "is out of range");
    *ret = value;
    return true;
}

static bool read_step(struct reading *reading, int32_t *ret)
{
    size_t start = reading->at;
    int32_t step;
    if (!read_number(reading, &step))
        return false;
    // A longer step never steps: "*/90" minutes would quietly mean once an hour.
    if (step < 1 || step > reading->field->count)
        return trigger_error_set(
            reading->error, start + 1, "%s: a step of '%.*s' is out of range; allowed are 1-%d",
            reading->field->name, (int)MIN_OF(reading->at - start, (size_t)QUOTE_SIZE_MAX),
            reading->text + start, (int)reading->field->count);
    *ret = step;
    return true;
}

static uint64_t bits_of(const struct field *field, int32_t first, int32_t last, int32_t step)
{
    if (first >= field->low + field->count) { // 7 is Sunday
        last = last == first ? field->low : last;
        first = field->low;
    }
    int32_t span = last - first;
    if (span < 0)
        span += field->count;
    uint64_t bits = 0;
    for (int32_t i = 0; i <= span; i += step)
        bits |= 1ULL << (field->low + (first - field->low + i) % field->count);
    return bits;
}

static bool read_item(struct reading *reading, uint64_t *bits, bool *is_free)
{
    const struct field *field = reading->field;
    int32_t first = field->low, last = field->low + field->count - 1, step = 1;
    bool is_single = false;
    if (take(reading, '*') || (field->takes_question_mark && take(reading, '?'))) {
        *is_free = true;
    } else {
        if (!read_value(reading, &first))
            return false;
        is_single = !take(reading, '-');
        last = first;
        if (!is_single && !read_value(reading, &last))
            return false;
    }
    if (take(reading, '/')) {
        if (!read_step(reading, &step))
            return false;
        last = is_single ? field->last : last;
    }
    *bits |= bits_of(field, first, last, step);
    return true;
}

static bool read_field(struct reading *reading, uint64_t *ret_bits, bool *ret_is_free)
{
    uint64_t bits = 0;
    bool is_free = false;
    do {
        if (!read_item(reading, &bits, &is_free))
            return false;
    } while (take(reading, ','));
    if (reading->at < reading->end)
        return refuse_next(reading);
    *ret_bits = bits;
    *ret_is_free = is_free;
    return true;
}

struct span {
    size_t start;
    size_t end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

// Cuts the text at blanks. One span more than a cron expression has tells that there are too many.
static size_t split(const char *text, struct span *spans)
{
    size_t count = 0;
    size_t at = 0;
    while (count <= FIELD_COUNT) {
        while (is_blank(text[at]))
            at++;
        if (!text[at])
            break;
        spans[count].start = at;
        while (text[at] && !is_blank(text[at]))
            at++;
        spans[count++].end = at;
    }
    return count;
}

// "never" has one cause only: days that none of the months has, and no weekday to make up for it.
static bool check_fires(const struct cron *cron, size_t day_column, struct trigger_error *ret_error)
{
    static const uint32_t long_months = 1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 12;
    bool either = !cron->days_free && !cron->weekdays_free;
    int32_t length = cron->months & long_months ? 31 : cron->months == 1 << 2 ? 29 : 30;
    if (either || (cron->days & ((2u << length) - 1)))
        return true;
    return trigger_error_set(
        ret_error, day_column, "it can never fire: the %s it names %s at most %d days, so day %d never comes",
        cron->months & (cron->months - 1) ? "months" : "month",
        cron->months & (cron->months - 1) ? "have" : "has", (int)length, __builtin_ctz(cron->days));
}

static bool parse_fields(const char *text, struct cron *ret, struct trigger_error *ret_error)
{
    struct span spans[FIELD_COUNT + 1];
    uint64_t bits[FIELD_COUNT] = {1};
    bool is_free[FIELD_COUNT] = {false};
    size_t count = split(text, spans);
    if (count != FIELD_COUNT && count != FIELD_COUNT - 1)
        return trigger_error_set(ret_error,
                                 count > FIELD_COUNT ? spans[FIELD_COUNT].start + 1 : strlen(text) + 1,
                                 "%s fields; allowed are 5 (minute, hour, day of month, month, day of week) "
                                 "or 6 (second first)",
                                 count > FIELD_COUNT ? "too many" : "too few");
    size_t skipped = FIELD_COUNT - count;
    for (size_t i = 0; i < count; i++) {
        struct reading reading = {text, spans[i].start, spans[i].end, &fields[skipped + i], ret_error};
        if (!read_field(&reading, &bits[skipped + i], &is_free[skipped + i]))
            return false;
    }
    struct cron cron = {
        .seconds = bits[0],
        .minutes = bits[1],
        .hours = (uint32_t)bits[2],
        .days = (uint32_t)bits[DAY_FIELD],
        .months = (uint16_t)bits[4],
        .weekdays = (uint8_t)bits[5],
        .days_free = is_free[DAY_FIELD],
        .weekdays_free = is_free[5],
        .is_real_time = is_free[2] || bits[2] == (1u << 24) - 1,
    };
    if (!check_fires(&cron, spans[DAY_FIELD - skipped].start + 1, ret_error))
        return false;
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
            return parse_fields(names[i][1], ret, ret_error);
    if (begins_with(name, "@EVERY"))
        return trigger_error_set(ret_error, start + 1,
                                 "@every is not a cron expression here; use the trigger every "
                                 "(--every 5m, or every: 5m in a job file)");
    if (is_word(name, size, "@REBOOT"))
        return trigger_error_set(ret_error, start + 1,
                                 "@reboot names no time, so it is not a cron expression here; "
                                 "starting at boot is a trigger of its own");
    return trigger_error_set(ret_error, start + 1,
                             "'%.*s' is not known; allowed are @yearly @annually @monthly @weekly @daily "
                             "@midnight @hourly",
                             (int)MIN_OF(size, (size_t)QUOTE_SIZE_MAX), name);
}

bool cron_parse(const char *text, struct cron *ret, struct trigger_error *ret_error)
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
    return parse_fields(text, ret, ret_error);
}
