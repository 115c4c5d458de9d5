// job_time.h - times somebody types about a job: whose clock they are read on, and what the job makes of
// them.
//
// One rule for every command that names a due time of a job: a time without an offset is one of the zone that
// --zone says, else of the job's own, and the answer is shown in the same zone.
#ifndef NODE_CLI_JOB_TIME_H
#define NODE_CLI_JOB_TIME_H

#include "node/cli/command_line.h"
#include "node/cli/typed_time.h"
#include "node/cli/zone_file.h"
#include "proto/definition.h"

enum {
    JOB_TIME_NOTE_ROOM = TYPED_TIME_NOTE_ROOM + 160,
};

// A job that is not known (NULL) and one whose zone cannot be had here: this machine's, which is said.
int job_time_open_zone(const struct command_line *line, const struct definition *definition,
                       struct zone_file *ret_zone) WARN_UNUSED;

// What was made of a time that the clock of `zone` never shows, or shows twice; and, where that is the job's
// zone, what the job does then. "" for any other time. `definition` may be NULL.
void job_time_note(const struct definition *definition, const struct zone_file *zone,
                   const struct typed_time *time, char ret_text[JOB_TIME_NOTE_ROOM]);

#endif
