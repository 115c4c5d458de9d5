#include "node/cli/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/cli/terminal.h"

static void PRINTF_LIKE(3, 0) write_line(FILE *out, const char *prefix, const char *format, va_list values)
{
    char *text = NULL;
    int size = vasprintf(&text, format, values);
    if (size < 0)
        abort();
    struct buffer harmless = {0};
    terminal_escape(bytes_of(text, (size_t)size), TERMINAL_ONE_LINE, &harmless);
    if (out == stderr)
        fflush(stdout); // what was printed before is read before
    fprintf(out, "%s%.*s\n", prefix, (int)harmless.size, harmless.data ? (const char *)harmless.data : "");
    buffer_deinit(&harmless);
    free(text);
}

#define WRITE_LINE(out, prefix, format)                                                                      \
    do {                                                                                                     \
        va_list values;                                                                                      \
        va_start(values, format);                                                                            \
        write_line(out, prefix, format, values);                                                             \
        va_end(values);                                                                                      \
    } while (0)

int print_usage(const char *format, ...)
{
    WRITE_LINE(stderr, "katydid: ", format);
    return COMMAND_USAGE;
}

int print_failure(const char *format, ...)
{
    WRITE_LINE(stderr, "katydid: ", format);
    return COMMAND_FAILED;
}

int print_status(enum command_status status, const char *format, ...)
{
    WRITE_LINE(stderr, "katydid: ", format);
    return (int)status;
}

void print_notice(const char *format, ...)
{
    WRITE_LINE(stderr, "katydid: ", format);
}

void print_line(const char *format, ...)
{
    WRITE_LINE(stdout, "", format);
}

static void print_units(const char *sign, uint64_t amount, uint64_t part_count, const char units[3],
                        char ret_text[PRINT_ROOM])
{
    unsigned long long whole = amount / part_count, part = amount % part_count;
    if (part == 0)
        snprintf(ret_text, PRINT_ROOM, "%s%llu%c", sign, whole, units[0]);
    else if (part_count == 24)
        snprintf(ret_text, PRINT_ROOM, "%s%llu%c%llu%c", sign, whole, units[0], part, units[1]);
    else
        snprintf(ret_text, PRINT_ROOM, "%s%llu%c%02llu%c", sign, whole, units[0], part, units[1]);
}

void print_duration(int64_t ms, char ret_text[PRINT_ROOM])
{
    const char *sign = ms < 0 ? "-" : "";
    uint64_t rest = ms < 0 ? (uint64_t)0 - (uint64_t)ms : (uint64_t)ms;
    uint64_t seconds = rest / 1000, minutes = seconds / 60, hours = minutes / 60;
    unsigned tenths = (unsigned)(rest % 1000 / 100);
    if (rest < 1000)
        snprintf(ret_text, PRINT_ROOM, "%s%u ms", sign, (unsigned)rest);
    else if (seconds < 60 && tenths)
        snprintf(ret_text, PRINT_ROOM, "%s%u.%us", sign, (unsigned)seconds, tenths);
    else if (minutes < 1)
        snprintf(ret_text, PRINT_ROOM, "%s%us", sign, (unsigned)seconds);
    else if (hours < 1)
        print_units(sign, seconds, 60, "ms", ret_text);
    else if (hours < 48)
        print_units(sign, minutes, 60, "hm", ret_text);
    else
        print_units(sign, hours, 24, "dh", ret_text);
}

void print_relative(int64_t at_ms, int64_t now_ms, char ret_text[PRINT_ROOM])
{
    char span[PRINT_ROOM];
    int64_t distance_ms = at_ms - now_ms;
    print_duration(((distance_ms < 0 ? -distance_ms : distance_ms) + 500) / 1000 * 1000, span);
    if (distance_ms > -1000 && distance_ms < 1000)
        snprintf(ret_text, PRINT_ROOM, "now");
    else if (distance_ms > 0)
        snprintf(ret_text, PRINT_ROOM, "in %.40s", span);
    else
        snprintf(ret_text, PRINT_ROOM, "%.40s ago", span);
}

void print_size(uint64_t size_bytes, char ret_text[PRINT_ROOM])
{
    static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double amount = (double)size_bytes;
    while (amount >= 1024 && unit + 1 < COUNT_OF(UNITS)) {
        amount /= 1024;
        unit++;
    }
    snprintf(ret_text, PRINT_ROOM, "%.*f %s", unit ? 1 : 0, amount, UNITS[unit]);
}
