#include "node/core/trigger/cron_field.h"

#include "proto/ids.h"

enum {
    NAME_LENGTH = 3,
    NUMBER_MAX = 9999, // more digits than any value has; larger numbers stop counting here
    QUOTE_SIZE_MAX = 20,
    DAY_OF_EVERY_MONTH = 28,
    DAYS_BEFORE_LAST_MAX = 30,
};

struct rules {
    const char *name;
    const char *allowed;
    int32_t low;
    int32_t count; // of different values from low on
    int32_t last;  // the highest number that may be written: 7 is one more name of Sunday
    const char *names;
};

static const struct rules all_rules[CRON_FIELD_COUNT] = {
    {"second", "0-59, ranges, lists, steps, * and H", 0, 60, 59, NULL},
    {"minute", "0-59, ranges, lists, steps, * and H", 0, 60, 59, NULL},
    {"hour", "0-23, ranges, lists, steps, * and H", 0, 24, 23, NULL},
    {"day of month", "1-31, ranges, lists, steps, *, ?, H, L, L-3, 15W and LW", 1, 31, 31, NULL},
    {"month", "1-12, JAN-DEC, ranges, lists, steps, * and H", 1, 12, 12,
     "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
    {"day of week", "0-7 (0 and 7 are Sunday), SUN-SAT, ranges, lists, steps, *, ?, H, 5L and MON#2", 0, 7, 7,
     "SUNMONTUEWEDTHUFRISAT"},
};

// One field being read.
struct reading {
    enum cron_field_kind kind;
    const struct rules *rules;
    const char *text; // the whole expression, for columns
    size_t at;
    size_t end; // of this field
    const char *job_name;
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
    return reading->at < reading->end ? upper(reading->text[reading->at]) : 0;
}

static bool take(struct reading *reading, char wanted)
{
    if (!wanted || peek(reading) != wanted)
        return false;
    reading->at++;
    return true;
}

static size_t letters_end(const struct reading *reading)
{
    size_t end = reading->at;
    while (end < reading->end && is_letter(reading->text[end]))
        end++;
    return end;
}

// "minute: 'x' is wrong; allowed are ...", with what stands in [from, to) in the quotes.
static bool refuse(const struct reading *reading, size_t from, size_t to, const char *what)
{
    return trigger_error_set(reading->error, from + 1, "%s: '%.*s' %s; allowed are %s", reading->rules->name,
                             trigger_error_quoted(reading->text + from, to - from, QUOTE_SIZE_MAX),
                             reading->text + from, what, reading->rules->allowed);
}

static bool refuse_next(const struct reading *reading)
{
    char c = peek(reading);
    if (!c || c == ',' || c == '/' || c == '-' || c == ')' || c == '#')
        return trigger_error_set(reading->error, reading->at + 1, "%s: a value is missing; allowed are %s",
                                 reading->rules->name, reading->rules->allowed);
    return refuse(reading, reading->at, reading->at + 1, "has no meaning here");
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

// The name that begins here, as a place in the list of names; -1: none.
static int32_t find_name(const struct reading *reading)
{
    const char *given = reading->text + reading->at;
    const char *names = reading->rules->names;
    for (int32_t i = 0; names && i < reading->rules->count; i++, names += NAME_LENGTH)
        if (upper(given[0]) == names[0] && upper(given[1]) == names[1] && upper(given[2]) == names[2])
            return i;
    return -1;
}

static bool read_name(struct reading *reading, int32_t *ret)
{
    size_t start = reading->at, end = letters_end(reading);
    if (end - start < NAME_LENGTH)
        return refuse_next(reading);
    bool has_l = reading->kind == CRON_FIELD_WEEKDAY && end - start == NAME_LENGTH + 1 &&
                 upper(reading->text[end - 1]) == 'L'; // FRIL
    int32_t name = end - start == NAME_LENGTH || has_l ? find_name(reading) : -1;
    if (name < 0)
        return refuse(reading, start, end,
                      reading->rules->names ? "is not one of the names" : "is not a number");
    reading->at = start + NAME_LENGTH;
    *ret = reading->rules->low + name;
    return true;
}

static bool read_value(struct reading *reading, int32_t *ret)
{
    size_t start = reading->at;
    int32_t value;
    if (is_letter(peek(reading)))
        return read_name(reading, ret);
    if (!read_number(reading, &value))
        return false;
    if (value < reading->rules->low || value > reading->rules->last)
        return refuse(reading, start, reading->at, "is out of range");
    *ret = value;
    return true;
}

// A number of its own range, behind a sign: "a step of '0' is out of range; allowed are 1-60".
static bool read_extra(struct reading *reading, const char *what, int32_t most, int32_t *ret)
{
    size_t start = reading->at;
    int32_t value;
    if (!is_digit(peek(reading)))
        return trigger_error_set(reading->error, start + 1, "%s: %s is missing; allowed are 1-%d",
                                 reading->rules->name, what, (int)most);
    if (!read_number(reading, &value))
        return false;
    if (value < 1 || value > most)
        return trigger_error_set(
            reading->error, start + 1, "%s: %s of '%.*s' is out of range; allowed are 1-%d",
            reading->rules->name, what,
            trigger_error_quoted(reading->text + start, reading->at - start, QUOTE_SIZE_MAX),
            reading->text + start, (int)most);
    *ret = value;
    return true;
}

// A step longer than its range never steps: "*/90" minutes would quietly mean once an hour.
static bool read_step(struct reading *reading, int32_t most, int32_t *ret)
{
    return read_extra(reading, "a step", most, ret);
}

// How many values lie in first-last, which may run around the end.
static int32_t count_in(const struct rules *rules, int32_t first, int32_t last)
{
    int32_t span = last - first;
    if (span < 0)
        span += rules->count;
    return MIN_OF(span + 1, rules->count);
}

static uint64_t bits_of(const struct rules *rules, int32_t first, int32_t count, int32_t step)
{
    uint64_t bits = 0;
    for (int32_t i = 0; i < count; i += step)
        bits |= 1ULL << (rules->low + (first - rules->low + i) % rules->count);
    return bits;
}

static uint64_t spread_of(const struct reading *reading, int32_t choices)
{
    struct hasher hasher;
    uint64_t value = 0;
    hasher_start(&hasher, "katydid-spread-1");
    hasher_add_text(&hasher, reading->job_name);
    hasher_add_u64(&hasher, (uint64_t)reading->kind);
    struct hash hash = hasher_finish(&hasher);
    for (size_t i = 0; i < sizeof value; i++)
        value |= (uint64_t)hash.b[i] << 8 * i;
    return value % (uint64_t)choices;
}

static bool read_brackets(struct reading *reading, int32_t *ret_first, int32_t *ret_last)
{
    int32_t first, last;
    if (!read_value(reading, &first))
        return false;
    if (!take(reading, '-'))
        return trigger_error_set(reading->error, reading->at + 1,
                                 "%s: a range belongs into the brackets, as in H(%d-%d)",
                                 reading->rules->name, (int)reading->rules->low, (int)reading->rules->last);
    if (!read_value(reading, &last))
        return false;
    if (!take(reading, ')'))
        return trigger_error_set(reading->error, reading->at + 1, "%s: a ) is missing", reading->rules->name);
    *ret_first = first;
    *ret_last = last;
    return true;
}

// Behind the H.
static bool read_spread(struct reading *reading, struct cron_field *field)
{
    const struct rules *rules = reading->rules;
    int32_t first = rules->low, last = rules->low + rules->count - 1, step = 0;
    bool has_range = take(reading, '(');
    if (has_range && !read_brackets(reading, &first, &last))
        return false;
    int32_t count = count_in(rules, first, last);
    if (take(reading, '/') && !read_step(reading, count, &step))
        return false;
    int32_t choices = step ? step : count;
    if (reading->kind == CRON_FIELD_DAY && !has_range)
        choices = MIN_OF(choices, DAY_OF_EVERY_MONTH);
    int32_t chosen = (int32_t)spread_of(reading, choices);
    field->values |= bits_of(rules, first + chosen, step ? count - chosen : 1, step ? step : 1);
    field->is_spread = true;
    field->is_stepped_spread |= step && !has_range;
    return true;
}

// Behind the L of a day of month.
static bool read_from_end(struct reading *reading, struct cron_field *field)
{
    int32_t before = 0;
    if (take(reading, '-') &&
        !read_extra(reading, "a number of days before the last", DAYS_BEFORE_LAST_MAX, &before))
        return false;
    if (take(reading, 'W'))
        field->workdays_from_end |= 1u << before;
    else
        field->from_end |= 1u << before;
    return true;
}

// W, L or # behind one value. ret_done: there was one.
static bool read_suffix(struct reading *reading, int32_t value, struct cron_field *field, bool *ret_done)
{
    int32_t nth;
    *ret_done = true;
    if (reading->kind == CRON_FIELD_DAY && take(reading, 'W')) {
        field->workdays |= 1u << value;
    } else if (reading->kind == CRON_FIELD_WEEKDAY && take(reading, 'L')) {
        field->last_weekdays |= (uint8_t)(1u << value % 7);
    } else if (reading->kind == CRON_FIELD_WEEKDAY && take(reading, '#')) {
        if (!read_extra(reading, "a count in the month", CRON_DAYS_NTH_MAX, &nth))
            return false;
        field->nth_weekdays[nth - 1] |= (uint8_t)(1u << value % 7);
    } else {
        *ret_done = false;
    }
    return true;
}

static bool read_range(struct reading *reading, struct cron_field *field)
{
    const struct rules *rules = reading->rules;
    int32_t first, last, step = 1;
    bool is_done;
    if (!read_value(reading, &first) || !read_suffix(reading, first, field, &is_done))
        return false;
    if (is_done)
        return true;
    bool is_single = !take(reading, '-');
    last = first;
    if (!is_single && !read_value(reading, &last))
        return false;
    if (take(reading, '/')) {
        if (!read_step(reading, rules->count, &step))
            return false;
        last = is_single ? rules->last : last;
    }
    if (first >= rules->low + rules->count) { // 7 is Sunday
        last = last == first ? rules->low : last;
        first = rules->low;
    }
    field->values |= bits_of(rules, first, count_in(rules, first, last), step);
    return true;
}

static bool read_item(struct reading *reading, struct cron_field *field)
{
    const struct rules *rules = reading->rules;
    bool takes_question_mark = reading->kind == CRON_FIELD_DAY || reading->kind == CRON_FIELD_WEEKDAY;
    bool is_word = letters_end(reading) - reading->at == 1;
    int32_t step = 1;
    if (take(reading, '*') || (takes_question_mark && take(reading, '?'))) {
        field->is_free = true;
        if (take(reading, '/') && !read_step(reading, rules->count, &step))
            return false;
        field->values |= bits_of(rules, rules->low, rules->count, step);
        return true;
    }
    if (is_word && take(reading, 'H'))
        return read_spread(reading, field);
    if (reading->kind == CRON_FIELD_DAY && take(reading, 'L'))
        return read_from_end(reading, field);
    if (reading->kind == CRON_FIELD_WEEKDAY && is_word && peek(reading) == 'L')
        return refuse(reading, reading->at, reading->at + 1, "needs a weekday before it, as in 5L or FRIL");
    return read_range(reading, field);
}

static bool has_extension(const struct cron_field *field)
{
    uint32_t bits = field->from_end | field->workdays | field->workdays_from_end | field->last_weekdays;
    for (size_t i = 0; i < CRON_DAYS_NTH_MAX; i++)
        bits |= field->nth_weekdays[i];
    return bits != 0;
}

// What stands behind a complete item.
static bool refuse_rest(const struct reading *reading, const struct cron_field *field)
{
    char before = upper(reading->text[reading->at - 1]), next = peek(reading);
    bool is_joint = next == '-' || next == '/';
    if (is_joint && before == 'H')
        return refuse(reading, reading->at - 1, reading->at + 1,
                      "is not understood; a range is written H(1-5)");
    if (is_joint && has_extension(field))
        return refuse(reading, reading->at, reading->at + 1,
                      "cannot follow L, W or #, which stand alone in a list");
    return refuse_next(reading);
}

bool cron_field_read(enum cron_field_kind kind, const struct cron_field_text *where, const char *job_name,
                     struct cron_field *ret, struct trigger_error *ret_error)
{
    struct reading reading = {kind,       &all_rules[kind], where->text, where->start,
                              where->end, job_name,         ret_error};
    struct cron_field field = {0};
    do {
        if (!read_item(&reading, &field))
            return false;
    } while (take(&reading, ','));
    if (reading.at < reading.end)
        return refuse_rest(&reading, &field);
    *ret = field;
    return true;
}
