// run_past.h - `run JOB --from --until`: orders to run the due times of a past range anew.
#ifndef NODE_CLI_RUN_PAST_H
#define NODE_CLI_RUN_PAST_H

#include "node/cli/command_line.h"
#include "node/cli/job_view.h"
#include "node/cli/session.h"
#include "proto/change.h"

// Is a range asked for?
bool run_past_is_meant(const struct command_line *line);
// `shape` is an order to run the job now. One is signed for each stretch of due times; with --missing there
// may be several. Returns a command's exit status.
int run_past(const struct command_line *line, struct session *session, const struct job_view *view,
             const struct order *shape);

#endif
