// terminal.h - what may reach a person's screen, and how wide it is there.
//
// Names, reasons, notes and output come from other machines and may hold anything. This is the one
// place that makes them harmless: control characters, escape sequences, bidirectional overrides,
// invisible characters and invalid UTF-8 come out as visible escapes (\n, \x1b, \u202e). Widths follow
// Unicode's East Asian Width: wide 2, combining 0, everything else 1, by a small table of ranges.
#ifndef NODE_CLI_TERMINAL_H
#define NODE_CLI_TERMINAL_H

#include <stdio.h>

#include "proto/bytes.h"

enum terminal_colour {
    TERMINAL_PLAIN,
    TERMINAL_BOLD,
    TERMINAL_DIM,
    TERMINAL_RED,
    TERMINAL_GREEN,
    TERMINAL_YELLOW,
    TERMINAL_BLUE,
};

enum terminal_lines {
    TERMINAL_ONE_LINE,   // newline and tab are escaped too
    TERMINAL_MANY_LINES, // newline and tab pass
};

// Appends `text`, made harmless.
void terminal_escape(struct bytes text, enum terminal_lines lines, struct buffer *out);
// The same, as a fresh string of one line; free() it.
char *terminal_escape_text(const char *text);

// Columns of valid or invalid UTF-8 as terminal_escape leaves it.
size_t terminal_width(const char *text);

// Decodes one character. Returns its size in bytes, or 0 when the bytes are no valid UTF-8.
size_t terminal_decode(struct bytes text, uint32_t *ret_character);

// True when `stream` is a terminal and neither NO_COLOR nor TERM=dumb speaks against it.
bool terminal_has_colour(FILE *stream);
// The sequence that starts a colour, "" for TERMINAL_PLAIN; terminal_reset() ends it.
const char *terminal_start(enum terminal_colour colour);
const char *terminal_reset(enum terminal_colour colour);

#endif
