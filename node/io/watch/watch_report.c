#include "node/io/watch/watch_report.h"

#include <string.h>

#include "proto/definition.h"

bool watch_report_add(struct watch_report *report, uint32_t what, const char *name)
{
    size_t size = strlen(name) + 1;
    if (sizeof report->names - report->size < 1 + size)
        return false;
    report->names[report->size] = (char)what;
    memcpy(&report->names[report->size + 1], name, size);
    report->size += 1 + (uint32_t)size;
    report->named++;
    return true;
}

static bool is_one_change(uint32_t what)
{
    return what && what <= DEFINITION_FILE_ALL && !(what & (what - 1));
}

bool watch_report_is_valid(const struct watch_report *report)
{
    size_t at = 0, named = 0;
    if (report->size > sizeof report->names || report->named > report->count || report->problem < 0)
        return false;
    for (; at < report->size; named++) {
        const char *name = &report->names[at + 1];
        const char *end = at + 1 < report->size ? memchr(name, 0, report->size - at - 1) : NULL;
        if (!is_one_change((uint8_t)report->names[at]) || !end || end - name > NAME_MAX || strchr(name, '/'))
            return false;
        at = (size_t)(end - report->names) + 1;
    }
    return named == report->named && (named > 0) == (report->count > 0);
}

const char *watch_report_next(const struct watch_report *report, const char *name, uint32_t *ret_what)
{
    size_t at = name ? (size_t)(name - report->names) + strlen(name) + 1 : 0;
    if (at >= report->size)
        return NULL;
    *ret_what = (uint8_t)report->names[at];
    return &report->names[at + 1];
}
