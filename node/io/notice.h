// notice.h - the log of this process: one line per notice on standard error.
//
// Under systemd ($JOURNAL_STREAM names our standard error) a line begins with <N>, its level in syslog's
// numbers; elsewhere errors and warnings begin with the word. Whatever is not printable is escaped, so a
// name or message from elsewhere can neither start a second line nor steer a terminal.
#ifndef NODE_IO_NOTICE_H
#define NODE_IO_NOTICE_H

#include "node/core/effect.h"

enum { NOTICE_SIZE_MAX = 2048 }; // longer lines are cut

void notice_say(enum effect_level level, const char *format, ...) PRINTF_LIKE(2, 3);

// The line as it is written, newline included. Returns its length.
size_t notice_format(enum effect_level level, bool for_journal, const char *text, char out[NOTICE_SIZE_MAX]);

#endif
