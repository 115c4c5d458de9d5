// trigger_error.h - why a text was refused: where it stops making sense, and what is allowed there.
//
// Every parser of this folder fills one. The text is one sentence of valid UTF-8 without a newline, ready to
// be shown behind "cron, column 5: ". Control characters of the input and bytes that are no character appear
// as \x1b.
#ifndef NODE_CORE_TRIGGER_TRIGGER_ERROR_H
#define NODE_CORE_TRIGGER_TRIGGER_ERROR_H

#include "proto/base.h"

enum {
    TRIGGER_ERROR_TEXT_SIZE = 224,
};

struct trigger_error {
    size_t column; // byte of the text given, from 1; 0: the text as a whole, or no text is involved
    char text[TRIGGER_ERROR_TEXT_SIZE];
};

// Fills `ret` and returns false, so that a parser can `return trigger_error_set(...)`.
bool trigger_error_set(struct trigger_error *ret, size_t column, const char *format, ...) PRINTF_LIKE(3, 4);

// How many bytes of `text` to quote with "%.*s": its first `size`, at most `most`, and no half characters. A
// character that begins within `size` is whole.
int trigger_error_quoted(const char *text, size_t size, size_t most);

#endif
