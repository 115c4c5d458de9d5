// crontab.h - a crontab as cron reads it: settings, and lines that run something.
//
// Nothing is dropped: every line of the text becomes one item, in order, and what cannot be understood is an
// item that says why and where. Two dialects: a person's crontab, and the system's (/etc/crontab,
// /etc/cron.d), which names the user in front of the command. Settings hold for the lines below them.
//
// In a command an unescaped `%` ends the line: what follows is standard input, each further `%` a newline;
// `\%` is a percent sign. Source: crontab(5) of Debian's cron 3.0pl1, and of cronie for CRON_TZ.
// Everything lives in `arena`, whose ceiling the caller has raised.
#ifndef NODE_CLI_CRONTAB_H
#define NODE_CLI_CRONTAB_H

#include "proto/arena.h"

enum {
    CRONTAB_REASON_ROOM = 256,
};

enum crontab_kind {
    CRONTAB_BLANK,
    CRONTAB_COMMENT,
    CRONTAB_SETTING,
    CRONTAB_JOB,
    CRONTAB_REFUSED,
};

struct crontab_setting { // those in force, the newest first
    const char *name, *value;
    const struct crontab_setting *before;
};

struct crontab_item {
    enum crontab_kind kind;
    size_t line;      // from 1
    const char *text; // the line as it stands there
    // JOB
    const char *expression; // five fields, or a word like @daily
    const char *user;       // NULL: the crontab's owner
    const char *command;
    const char *input; // NULL: none
    const struct crontab_setting *settings;
    // REFUSED
    size_t column; // from 1; 0: the whole line
    char reason[CRONTAB_REASON_ROOM];
};

struct crontab {
    struct crontab_item *items;
    size_t count;
};

void crontab_parse(struct bytes text, bool has_users, struct arena *arena, struct crontab *ret);

// The value in force, or NULL. Empty values count.
const char *crontab_setting(const struct crontab_item *item, const char *name);
// A name for the job that a command makes: the program it runs, without its folder; valid, never empty.
// `ret_name` holds `room` bytes.
void crontab_name(const char *command, char *ret_name, size_t room);

#endif
