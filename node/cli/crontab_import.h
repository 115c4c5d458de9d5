// crontab_import.h - crontabs become jobs: what each line turns into, and what is said about the rest.
//
// A job keeps what cron gave its command: the line for the shell that SHELL names, PATH and the other
// settings, HOME as the directory, the user, the time zone, runs that may overlap, and no catching up. It is
// pinned to this machine unless asked otherwise. Comments go with the job below them. Every line is counted:
// carried over, or listed with the reason; MAILTO is listed because katydid keeps output instead of mailing
// it.
#ifndef NODE_CLI_CRONTAB_IMPORT_H
#define NODE_CLI_CRONTAB_IMPORT_H

#include "node/cli/crontab.h"
#include "proto/definition.h"

// What the jobs of one source have in common. Borrowed.
struct crontab_import_source {
    const char *path;      // as it stands in messages
    const char *user;      // of a person's crontab; NULL: each line names one
    const char *node;      // pinned there; NULL: anywhere
    const char *zone;      // unless a CRON_TZ says otherwise
    const char *name_hint; // first part of job names; NULL: none
    bool checks_users;     // lines of users that this machine has not are left
};

struct crontab_import {
    struct arena arena;       // owns texts and parsed crontabs
    struct buffer yaml;       // the jobs, without the head of the file
    struct buffer map;        // one line per source line: what became of it
    char (*names)[NAME_ROOM]; // owned: given so far
    size_t name_count, name_capacity;
    size_t line_count;    // that say something: neither blank nor comment
    size_t job_count;     // jobs made
    size_t setting_count; // lines that set something for the jobs below
    size_t left_count;    // lines not carried over
};

void crontab_import_deinit(struct crontab_import *import); // safe on a zeroed one

// A crontab's text, whole.
void crontab_import_text(struct crontab_import *import, const struct crontab_import_source *source,
                         struct bytes text);
// One program of a run-parts directory, due by a word like @daily.
void crontab_import_part(struct crontab_import *import, const struct crontab_import_source *source,
                         const char *program, const char *expression);
// Something that is no line and is not carried over either: a file cron itself would ignore.
void crontab_import_leave(struct crontab_import *import, const char *what, const char *why);

#endif
