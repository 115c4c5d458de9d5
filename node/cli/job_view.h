// job_view.h - one job as the agent shows it and as its signatures prove it.
#ifndef NODE_CLI_JOB_VIEW_H
#define NODE_CLI_JOB_VIEW_H

#include "node/cli/document.h"
#include "node/cli/job_change.h"
#include "node/cli/trust.h"
#include "node/cli/zone_file.h"

struct job_view {
    char job[NAME_JOB_ROOM];         // "namespace/name"
    const struct control_job *row;   // what the agent says; NULL when there is no such job
    struct control_reply reply;      // row points here; texts live until the client sends again
    struct trust_definition signed_; // what an operator signed
    uint64_t dead_life;              // even: the name was deleted; 0: never used
};

// "namespace/name" from what was typed; says what is wrong and returns COMMAND_USAGE.
int job_view_name(const char *typed, char ret_job[NAME_JOB_ROOM]) WARN_UNUSED;
// The name as people see it: without "main/".
const char *job_view_short(const char *job);

// Asks for one job and verifies it. COMMAND_NOT_FOUND (said on stderr) when there is none.
int job_view_open(struct client *client, const struct trust *trust, const char *job,
                  struct job_view *ret_view) WARN_UNUSED;
// The same, but a job that is not there is fine: row is NULL then.
int job_view_open_or_none(struct client *client, const struct trust *trust, const char *job,
                          struct job_view *ret_view) WARN_UNUSED;
// Verifies one row of a list. COMMAND_DONE or COMMAND_FAILED.
int job_view_take(const struct trust *trust, const struct control_reply *reply,
                  struct job_view *ret_view) WARN_UNUSED;
void job_view_close(struct job_view *view);
// A command_status; the first that is not COMMAND_DONE ends the walk. The view is gone afterwards.
typedef int job_view_visit(void *context, const struct job_view *view);
// Verifies all jobs of the agent's table and shows each. A command_status, said on stderr.
int job_view_each(struct client *client, const struct trust *trust, job_view_visit *visit,
                  void *context) WARN_UNUSED;

// What an edit of this job starts from. Verifies the conflicts; those that cannot be are left out.
void job_view_base(const struct trust *trust, const struct job_view *view, struct job_change_base *ret);

// "30 2 * * * (Berlin)", "every 5m", "at Sun 02:30".
void job_view_when(const struct definition *definition, const struct zone_file *zone, int64_t now_ms,
                   struct buffer *out);
// "node nas", "role=gateway, all", "any".
void job_view_where(const struct definition *definition, struct buffer *out);

// The object of `jobs --json`; `show` adds to it.
json_t *job_view_document(const struct job_view *view);
json_t *job_view_triggers(const struct definition *definition);

#endif
