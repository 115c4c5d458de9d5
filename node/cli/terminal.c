#include "node/cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct range {
    uint32_t first, last;
};

// Zero columns: combining marks, joiners, variation selectors.
static const struct range NARROWEST[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},
    {0x064b, 0x065f}, {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
};

// Two columns: East Asian wide and fullwidth, and the emoji that terminals draw wide.
static const struct range WIDE[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26c4, 0x26c5},   {0x2705, 0x2705},
    {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
    {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

// Invisible or able to reorder what stands around them: a reader would see something else than is there.
static const struct range DECEPTIVE[] = {
    {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x115f, 0x1160},   {0x180e, 0x180e},    {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfeff, 0xfeff},    {0xffa0, 0xffa0},
    {0xfff9, 0xfffb}, {0xe000, 0xf8ff}, {0xe0000, 0xe007f}, {0xf0000, 0x10ffff},
};

static bool is_within(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    }
    return false;
}

size_t terminal_decode(struct bytes text, uint32_t *ret_character)
{
    static const uint32_t LEAST[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (text.size == 0)
        return 0;
    uint8_t lead = text.data[0];
    size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (size == 0 || size > text.size)
        return 0;
    uint32_t character = size == 1 ? lead : lead & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (text.data[i] & 0x3fu);
    }
    if (character < LEAST[size] || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
        return 0;
    *ret_character = character;
    return size;
}

static void add_escape(struct buffer *out, uint32_t character)
{
    char text[16];
    int size;
    if (character == '\n' || character == '\t' || character == '\r')
        size = snprintf(text, sizeof text, "\\%c", character == '\n' ? 'n' : character == '\t' ? 't' : 'r');
    else if (character < 0x100)
        size = snprintf(text, sizeof text, "\\x%02x", (unsigned)character);
    else
        size = snprintf(text, sizeof text, character < 0x10000 ? "\\u%04x" : "\\U%06x", (unsigned)character);
    buffer_add(out, text, (size_t)size);
}

void terminal_escape(struct bytes text, enum terminal_lines lines, struct buffer *out)
{
    while (text.size) {
        uint32_t character = 0;
        size_t size = terminal_decode(text, &character);
        bool passes = lines == TERMINAL_MANY_LINES && (character == '\n' || character == '\t');
        bool is_control = character < 0x20 || (character >= 0x7f && character < 0xa0);
        if (size == 0) {
            add_escape(out, text.data[0]);
            size = 1;
        } else if (!passes && (is_control || is_within(character, DECEPTIVE, COUNT_OF(DECEPTIVE)))) {
            add_escape(out, character);
        } else {
            buffer_add(out, text.data, size);
        }
        text = bytes_of(text.data + size, text.size - size);
    }
}

char *terminal_escape_text(const char *text)
{
    struct buffer out = {0};
    terminal_escape(bytes_of_text(text), TERMINAL_ONE_LINE, &out);
    buffer_add_u8(&out, 0);
    return (char *)out.data;
}

size_t terminal_width(const char *text)
{
    struct bytes rest = bytes_of_text(text);
    size_t width = 0;
    while (rest.size) {
        uint32_t character = 0;
        size_t size = terminal_decode(rest, &character);
        if (size == 0)
            width++;
        else if (!is_within(character, NARROWEST, COUNT_OF(NARROWEST)))
            width += is_within(character, WIDE, COUNT_OF(WIDE)) ? 2 : 1;
        size = MAX_OF(size, (size_t)1);
        rest = bytes_of(rest.data + size, rest.size - size);
    }
    return width;
}

bool terminal_has_colour(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");
    const char *kind = getenv("TERM");
    return isatty(fileno(stream)) && !(refused && *refused) && !(kind && strcmp(kind, "dumb") == 0);
}

const char *terminal_start(enum terminal_colour colour)
{
    static const char *const STARTS[] = {
        [TERMINAL_PLAIN] = "",        [TERMINAL_BOLD] = "\x1b[1m",   [TERMINAL_DIM] = "\x1b[2m",
        [TERMINAL_RED] = "\x1b[31m",  [TERMINAL_GREEN] = "\x1b[32m", [TERMINAL_YELLOW] = "\x1b[33m",
        [TERMINAL_BLUE] = "\x1b[34m",
    };
    return STARTS[colour];
}

const char *terminal_reset(enum terminal_colour colour)
{
    return colour == TERMINAL_PLAIN ? "" : "\x1b[0m";
}
