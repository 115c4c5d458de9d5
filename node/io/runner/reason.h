// reason.h - one sentence that goes into a frame and from there to people: cut to size, still text.
#ifndef NODE_IO_RUNNER_REASON_H
#define NODE_IO_RUNNER_REASON_H

#include <stdarg.h>

#include "proto/frame.h"

struct reason {
    char text[FRAME_REASON_ROOM];
};

// Formats like printf; what does not fit is cut between characters, never inside one.
PRINTF_LIKE(2, 3) void reason_set(struct reason *reason, const char *text, ...);
PRINTF_LIKE(2, 0) void reason_set_list(struct reason *reason, const char *text, va_list arguments);

#endif
