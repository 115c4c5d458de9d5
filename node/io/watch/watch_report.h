// watch_report.h - what a watching process tells the runner: which files changed, and whether it can look.
//
// One report is one write of one fixed size, no more than a pipe takes as a whole, so it is read whole or not
// at all. The process that writes it belongs to the job's user: the reader checks it (watch_report_is_valid).
#ifndef NODE_IO_WATCH_WATCH_REPORT_H
#define NODE_IO_WATCH_WATCH_REPORT_H

#include <limits.h>

#include "proto/base.h"
#include "proto/limits.h"

struct watch_report {
    int32_t problem; // errno: why the path cannot be looked at; 0: it can
    uint32_t count;  // files that changed since the report before; 0: it is about `problem` only
    uint32_t named;  // how many of them stand in `names`
    uint32_t size;   // bytes of `names` that are in use
    // Of each a byte, the bit of enum definition_file_change, and its name with its end; "" the path itself.
    char names[LIMIT_CHANGED_NAMES_SIZE_MAX];
};

_Static_assert(sizeof(struct watch_report) <= PIPE_BUF, "a pipe takes it as a whole");

// False: there is no room for it.
bool watch_report_add(struct watch_report *report, uint32_t what, const char *name) WARN_UNUSED;
bool watch_report_is_valid(const struct watch_report *report);
// The entry behind this one, of a valid report; NULL: the first. Returns its name, or NULL at the end.
const char *watch_report_next(const struct watch_report *report, const char *name, uint32_t *ret_what);

#endif
