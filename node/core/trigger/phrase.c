#include "node/core/trigger/phrase.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    LONG_STEPS = 5, // from so many values on an even row is told by its beginning and end
    LONG_RUN = 3,
};

void phrase_init(struct phrase *phrase, char *text, size_t room)
{
    *phrase = (struct phrase){text, room, 0};
    text[0] = 0;
}

void phrase_add(struct phrase *phrase, const char *format, ...)
{
    size_t left = phrase->room - phrase->size;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(phrase->text + phrase->size, left, format, arguments);
    va_end(arguments);
    phrase->size += MIN_OF((size_t)MAX_OF(size, 0), left - 1);
}

const char *phrase_joint(size_t index, size_t count)
{
    return index == 0 ? "" : index + 1 == count ? " and " : ", ";
}

bool phrase_find_steps(uint64_t bits, struct phrase_steps *ret)
{
    if (!bits)
        return false;
    struct phrase_steps steps = {.first = __builtin_ctzll(bits), .last = 63 - __builtin_clzll(bits)};
    uint64_t rest = bits & (bits - 1);
    if (rest)
        steps.step = __builtin_ctzll(rest) - steps.first;
    for (int32_t last = steps.first; rest; rest &= rest - 1) {
        if (__builtin_ctzll(rest) - last != steps.step)
            return false;
        last = __builtin_ctzll(rest);
    }
    *ret = steps;
    return true;
}

static void add_value(struct phrase *phrase, int32_t value, const char *const *names)
{
    if (names)
        phrase_add(phrase, "%s", names[value]);
    else
        phrase_add(phrase, "%d", (int)value);
}

// How many values follow each other from the lowest of `bits` on.
static int32_t run_length(uint64_t bits)
{
    uint64_t shifted = bits >> __builtin_ctzll(bits);
    return ~shifted ? __builtin_ctzll(~shifted) : 64;
}

// In a list a run of three or more is one item, "9 to 17"; a shorter one is as many items as values.
static int32_t item_length(uint64_t bits)
{
    int32_t length = run_length(bits);
    return length >= LONG_RUN ? length : 1;
}

static uint64_t without(uint64_t bits, int32_t length)
{
    for (int32_t i = 0; i < length; i++)
        bits &= bits - 1;
    return bits;
}

void phrase_add_values(struct phrase *phrase, uint64_t bits, const char *const *names)
{
    struct phrase_steps steps;
    size_t count = 0, index = 0;
    if (phrase_find_steps(bits, &steps) && steps.step > 1 && __builtin_popcountll(bits) >= LONG_STEPS) {
        for (int32_t i = 0; i < LONG_RUN; i++) {
            phrase_add(phrase, "%s", i ? ", " : "");
            add_value(phrase, steps.first + i * steps.step, names);
        }
        phrase_add(phrase, " ... ");
        add_value(phrase, steps.last, names);
        return;
    }
    for (uint64_t rest = bits; rest; rest = without(rest, item_length(rest)))
        count++;
    for (uint64_t rest = bits; rest; rest = without(rest, item_length(rest)), index++) {
        int32_t first = __builtin_ctzll(rest), length = item_length(rest);
        phrase_add(phrase, "%s", phrase_joint(index, count));
        add_value(phrase, first, names);
        if (length > 1) {
            phrase_add(phrase, " to ");
            add_value(phrase, first + length - 1, names);
        }
    }
}

void phrase_add_duration(struct phrase *phrase, uint64_t duration_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {
        {"day", 86400000}, {"hour", 3600000}, {"minute", 60000}, {"second", 1000}, {"millisecond", 1}};
    const char *blank = "";
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        uint64_t number = duration_ms / units[i].ms;
        duration_ms %= units[i].ms;
        if (!number)
            continue;
        phrase_add(phrase, "%s%llu %s%s", blank, (unsigned long long)number, units[i].name,
                   number == 1 ? "" : "s");
        blank = " ";
    }
}
