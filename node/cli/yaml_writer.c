#include "node/cli/yaml_writer.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "node/cli/terminal.h"
#include "node/core/trigger/duration.h"
#include "node/core/trigger/instant.h"

#define INDENT "    "

void yaml_writer_add(struct buffer *out, const char *text)
{
    buffer_add(out, text, strlen(text));
}

// "90s", "2h30m": digits and units that no YAML reader takes for a number.
static bool is_duration(const char *text)
{
    uint64_t ms;
    struct trigger_error ignored;
    return duration_parse(text, &ms, &ignored);
}

// Words and paths that no YAML reader takes for a number, a truth or a null.
static bool is_plain(const char *text)
{
    static const char *const SPECIAL[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    size_t size = strlen(text);
    if (is_duration(text))
        return true;
    if (size == 0 || (!isalpha((unsigned char)text[0]) && text[0] != '/'))
        return false;
    for (size_t i = 0; i < COUNT_OF(SPECIAL); i++) {
        if (strcasecmp(text, SPECIAL[i]) == 0)
            return false;
    }
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.+-") == size;
}

// What YAML does not let stand in a double-quoted text as it is.
static bool needs_escape(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
           c == 0xfeff || c == 0xfffe || c == 0xffff;
}

void yaml_writer_value(struct buffer *out, const char *text)
{
    struct bytes rest = bytes_of_text(text);
    if (is_plain(text)) {
        yaml_writer_add(out, text);
        return;
    }
    yaml_writer_add(out, "\"");
    while (rest.size) {
        uint32_t c = 0;
        char escaped[16];
        size_t size = terminal_decode(rest, &c);
        assert(size); // definitions hold valid UTF-8
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", (char)c);
        else if (c == '\n' || c == '\t')
            snprintf(escaped, sizeof escaped, "\\%c", c == '\n' ? 'n' : 't');
        else
            snprintf(escaped, sizeof escaped, c < 0x100 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, c);
        if (needs_escape(c))
            yaml_writer_add(out, escaped);
        else
            buffer_add(out, rest.data, size);
        rest = bytes_of(rest.data + size, rest.size - size);
    }
    yaml_writer_add(out, "\"");
}

void yaml_writer_key(struct buffer *out, const char *key)
{
    yaml_writer_add(out, INDENT);
    yaml_writer_add(out, key);
    yaml_writer_add(out, ": ");
}

void yaml_writer_text(struct buffer *out, const char *key, const char *text)
{
    if (!text || !text[0])
        return;
    yaml_writer_key(out, key);
    yaml_writer_value(out, text);
    yaml_writer_add(out, "\n");
}

void yaml_writer_duration(struct buffer *out, const char *key, uint64_t ms)
{
    char text[DURATION_TEXT_SIZE];
    if (ms == 0)
        return;
    duration_print(ms, text);
    yaml_writer_text(out, key, text);
}

void yaml_writer_number(struct buffer *out, const char *key, uint64_t number)
{
    char text[24];
    if (number == 0)
        return;
    snprintf(text, sizeof text, "%" PRIu64, number);
    yaml_writer_key(out, key);
    yaml_writer_add(out, text);
    yaml_writer_add(out, "\n");
}

// An enumerator's word; the default is left out.
void yaml_writer_word(struct buffer *out, const char *key, unsigned value, const char *const *words)
{
    if (value)
        yaml_writer_text(out, key, words[value]);
}

void yaml_writer_labels(struct buffer *out, const struct labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        yaml_writer_add(out, i ? ", " : "{");
        yaml_writer_value(out, labels->items[i].key);
        yaml_writer_add(out, ": ");
        yaml_writer_value(out, labels->items[i].value);
    }
    yaml_writer_add(out, "}");
}

void yaml_writer_instant(struct buffer *out, int64_t at_ms)
{
    char text[INSTANT_TEXT_SIZE];
    instant_print(at_ms, text);
    yaml_writer_value(out, text);
}

// The keys of one map on one line: "{a: 1, b: 2}". `shown` counts those that stand there already.
void yaml_writer_entry(struct buffer *out, size_t *shown, const char *key)
{
    yaml_writer_add(out, (*shown)++ ? ", " : "{");
    yaml_writer_add(out, key);
    yaml_writer_add(out, ": ");
}

void yaml_writer_text_entry(struct buffer *out, size_t *shown, const char *key, const char *text)
{
    if (!text || !text[0])
        return;
    yaml_writer_entry(out, shown, key);
    yaml_writer_value(out, text);
}

void yaml_writer_span_entry(struct buffer *out, size_t *shown, const char *key, uint64_t ms)
{
    char text[DURATION_TEXT_SIZE];
    duration_print(ms, text);
    yaml_writer_text_entry(out, shown, key, ms ? text : NULL);
}

void yaml_writer_labels_entry(struct buffer *out, size_t *shown, const char *key, const struct labels *labels)
{
    if (!labels->count)
        return;
    yaml_writer_entry(out, shown, key);
    yaml_writer_labels(out, labels);
}

void yaml_writer_bits_entry(struct buffer *out, size_t *shown, uint32_t bits, const char *const *words)
{
    size_t listed = 0;
    yaml_writer_entry(out, shown, "on");
    for (size_t i = 0; bits >> i; i++) {
        if (!(bits >> i & 1))
            continue;
        yaml_writer_add(out, listed++ ? ", " : "[");
        yaml_writer_add(out, words[i]);
    }
    yaml_writer_add(out, "]");
}
