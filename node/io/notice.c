#include "node/io/notice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *prefix_of(enum effect_level level, bool for_journal)
{
    switch (level) {
    case EFFECT_ERROR:
        return for_journal ? "<3>" : "error: ";
    case EFFECT_WARNING:
        return for_journal ? "<4>" : "warning: ";
    case EFFECT_INFO:
        return for_journal ? "<6>" : "";
    }
    return "";
}

// The length of the UTF-8 sequence at `text`, 0 when it is none or steers a terminal (C0, C1, DEL).
static size_t printable_size(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80)
        return bytes[0] >= 0x20 && bytes[0] != 0x7f;
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (length > size || !name_is_text(bytes_of(text, length), length))
        return 0;
    return bytes[0] == 0xc2 && bytes[1] < 0xa0 ? 0 : length;
}

size_t notice_format(enum effect_level level, bool for_journal, const char *text, char out[NOTICE_SIZE_MAX])
{
    const size_t room = NOTICE_SIZE_MAX - 8; // for one more character, the newline and a zero
    size_t length = strlen(text);
    size_t used = (size_t)snprintf(out, NOTICE_SIZE_MAX, "%s", prefix_of(level, for_journal));
    while (length && used < room) {
        size_t size = printable_size(text, length);
        if (size) {
            memcpy(out + used, text, size);
            used += size;
        } else {
            size = 1;
            used += (size_t)snprintf(out + used, NOTICE_SIZE_MAX - used, "\\x%02x", (unsigned char)text[0]);
        }
        text += size;
        length -= size;
    }
    out[used++] = '\n';
    return used;
}

// $JOURNAL_STREAM is "device:inode" of the journal's pipe; a redirected standard error is another.
static bool is_journal(void)
{
    unsigned long long device, inode;
    struct stat status;
    const char *stream = getenv("JOURNAL_STREAM");
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

void notice_say(enum effect_level level, const char *format, ...)
{
    char text[NOTICE_SIZE_MAX], line[NOTICE_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t size = notice_format(level, is_journal(), text, line);
    ssize_t written = write(STDERR_FILENO, line, size);
    (void)written; // a log that cannot be written is nobody's to be told
}
