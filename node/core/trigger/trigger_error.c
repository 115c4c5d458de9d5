#include "node/core/trigger/trigger_error.h"

#include <stdarg.h>
#include <stdio.h>

bool trigger_error_set(struct trigger_error *ret, size_t column, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ret->column = column;
    (void)vsnprintf(ret->text, sizeof ret->text, format, arguments);
    va_end(arguments);
    // Parsers quote what they refuse, and that may be an escape sequence.
    for (char *c = ret->text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return false;
}
