#include "node/core/trigger/trigger_error.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/name.h"

// How many bytes at the start of a text that is not empty may be shown as they are: one character; 0: none.
static size_t shown_size(const char *text)
{
    uint8_t first = (uint8_t)text[0], second = (uint8_t)text[1];
    size_t size = name_character_size(bytes_of_text(text));
    bool is_control = first < ' ' || first == 0x7f || (first == 0xc2 && second < 0xa0);
    return is_control ? 0 : size;
}

// Parsers quote what they refuse, and that may be an escape sequence.
static void add_shown(const char *text, char out[TRIGGER_ERROR_TEXT_SIZE])
{
    size_t used = 0;
    while (*text && used + sizeof "\\xff" <= TRIGGER_ERROR_TEXT_SIZE) {
        size_t size = shown_size(text);
        for (size_t i = 0; i < size; i++)
            out[used++] = text[i];
        if (!size)
            used += (size_t)snprintf(out + used, sizeof "\\xff", "\\x%02x", (unsigned)(uint8_t)*text);
        text += size ? size : 1;
    }
    out[used] = '\0';
}

bool trigger_error_set(struct trigger_error *ret, size_t column, const char *format, ...)
{
    char text[TRIGGER_ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ret->column = column;
    add_shown(text, ret->text);
    return false;
}

int trigger_error_quoted(const char *text, size_t size, size_t most)
{
    size_t end = 0;
    while (text[end] && end < size) {
        size_t next = end + MAX_OF(name_character_size(bytes_of_text(text + end)), (size_t)1);
        if (next > most)
            break;
        end = next;
    }
    return (int)end;
}
