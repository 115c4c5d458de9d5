#include "node/io/runner/reason.h"

#include <stdio.h>
#include <string.h>

// Drops the start of a UTF-8 character whose rest was cut off.
static void drop_cut_character(char *text, size_t size)
{
    size_t start = size;
    while (start > 0 && size - start < 4) {
        unsigned char byte = (unsigned char)text[--start];
        if (byte < 0x80)
            return;
        if (byte >= 0xc0) {
            size_t whole = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
            if (size - start < whole)
                text[start] = '\0';
            return;
        }
    }
}

void reason_set_list(struct reason *reason, const char *text, va_list arguments)
{
    int length = vsnprintf(reason->text, sizeof reason->text, text, arguments);
    if (length >= (int)sizeof reason->text)
        drop_cut_character(reason->text, sizeof reason->text - 1);
}

void reason_set(struct reason *reason, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    reason_set_list(reason, text, arguments);
    va_end(arguments);
}
