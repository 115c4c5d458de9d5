// start_cause.h - what a command is told about why it runs.
//
// KATYDID_CAUSE is one word: schedule, catch-up, backfill, order, event, after, boot, member, file.
// KATYDID_TRIGGER names which of the job's triggers it was, in its author's words: "cron */5 * * * *",
// "event deploy" (node/core/trigger/trigger_text.h); of an order it is "order".
// KATYDID_DUE is the due time, or when the order was given, or when what happened did. Some causes have more
// to say:
//
//   boot    KATYDID_BOOT         the kernel's boot id
//   event   KATYDID_EVENT        namespace/name
//           KATYDID_EVENT_FROM   the operator or node that emitted it
//           KATYDID_EVENT_DATA   its data, where they hold no zero byte and do not go to standard input
//   member  KATYDID_MEMBER          the node
//           KATYDID_MEMBER_CHANGE   join, leave or dead
//   file    KATYDID_FILE         the files that changed together, a path each line; a newline or backslash in
//                                a path is written \n or \\, as `printf %b` reads it
//           KATYDID_FILE_CHANGE  what became of each, a word each line: create, change, remove or move
//           KATYDID_FILE_MORE    how many more changed, of which there was no room to tell; 0: none
//   after   KATYDID_UPSTREAM_JOB, _OUTCOME, _RUNS and _DUE: what it comes after. Of several ends one word
//           each, in the order in which the trigger names the jobs; a run or due time there is not: `-`
#ifndef NODE_IO_RUNNER_START_CAUSE_H
#define NODE_IO_RUNNER_START_CAUSE_H

#include "node/core/trigger/instant.h"
#include "node/core/trigger/trigger_text.h"
#include "node/io/runner/check.h"

enum { START_CAUSE_COUNT_MAX = 8 };

struct start_cause {
    const char *text;
    int64_t due_ms;
    struct definition_pair pairs[START_CAUSE_COUNT_MAX]; // values point into this, or into the check
    size_t count;
    char trigger[TRIGGER_TEXT_SIZE];
    char boot[2 * 16 + 1];
    struct buffer files, changes; // owned; of a file trigger
    char more[16];
    char jobs[LIMIT_UPSTREAM_COUNT_MAX * NAME_JOB_ROOM], outcomes[LIMIT_UPSTREAM_COUNT_MAX * 16];
    char runs[LIMIT_UPSTREAM_COUNT_MAX * (2 * RUN_ID_SIZE + 1)];
    char dues[LIMIT_UPSTREAM_COUNT_MAX * INSTANT_TEXT_SIZE];
    char event[NAME_JOB_ROOM];
    char *data;         // owned; NULL: none
    struct bytes input; // of an event, for standard input
};

// Of a start that passed the checks. `cause` must not move, and `check` outlives it.
void start_cause_init(struct start_cause *cause, const struct check *check);
void start_cause_deinit(struct start_cause *cause);

#endif
