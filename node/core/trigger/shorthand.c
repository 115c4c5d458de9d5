#include "node/core/trigger/shorthand.h"

#include <string.h>

#include "node/core/trigger/duration.h"
#include "node/core/trigger/every.h"
#include "proto/limits.h"

// The text between the blanks, as [start, end).
struct span {
    size_t start;
    size_t end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(const char *text, size_t from)
{
    struct span span = {from, from + strlen(text + from)};
    while (is_blank(text[span.start]))
        span.start++;
    while (span.end > span.start && is_blank(text[span.end - 1]))
        span.end--;
    return span;
}

// How long the (lower-case) word is if the text begins with it, in any case, and it ends there; else 0.
static size_t word_size(const char *text, const char *word)
{
    size_t i = 0;
    while (word[i] && (text[i] == word[i] || (word[i] >= 'a' && text[i] == word[i] - 'a' + 'A')))
        i++;
    return !word[i] && (!text[i] || is_blank(text[i])) ? i : 0;
}

static bool read_period(const char *text, size_t from, uint64_t *ret_ms, struct trigger_error *ret_error)
{
    char duration[LIMIT_TIME_TEXT_SIZE_MAX + 2] = {0}; // one more, so that a longer one is refused as such
    struct span span = trim(text, from);
    struct every every;
    uint64_t period_ms;
    memcpy(duration, text + span.start, MIN_OF(span.end - span.start, sizeof duration - 1));
    if (!duration_parse(duration, &period_ms, ret_error)) {
        ret_error->column += span.start;
        return false;
    }
    if (!every_init(period_ms, 0, &every, ret_error)) {
        ret_error->column = span.start + 1;
        return false;
    }
    *ret_ms = period_ms;
    return true;
}

int shorthand_read(const char *text, uint64_t *ret_period_ms, struct trigger_error *ret_error)
{
    struct span span = trim(text, 0);
    size_t size = word_size(text + span.start, "@reboot");
    if (size && span.start + size < span.end) {
        (void)trigger_error_set(ret_error, trim(text, span.start + size).start + 1,
                                "nothing belongs behind @reboot");
        return SHORTHAND_REFUSED;
    }
    if (size)
        return SHORTHAND_BOOT;
    size = word_size(text + span.start, "@every");
    if (!size)
        return 0;
    return read_period(text, span.start + size, ret_period_ms, ret_error) ? SHORTHAND_EVERY
                                                                          : SHORTHAND_REFUSED;
}
