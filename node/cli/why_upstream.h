// why_upstream.h - why a job did not run after the jobs it comes after: which of them ended otherwise.
//
// Asks the fleet for the history of the jobs that the definition names. Patterns that fit many jobs wait for
// none of them, so they explain nothing.
#ifndef NODE_CLI_WHY_UPSTREAM_H
#define NODE_CLI_WHY_UPSTREAM_H

#include "node/cli/client.h"
#include "node/cli/document.h"
#include "node/cli/zone_file.h"
#include "proto/definition.h"

struct why_upstream {
    bool is_found;
    char job[NAME_JOB_ROOM];
    enum definition_outcome wanted; // what the job waits for
    enum ledger_status status;      // what it came to; open: nothing yet
    int64_t due_ms;
    int64_t ended_ms; // 0: it never started, or goes on
    char reason[160]; // "": none
};

// The due time of another job at this instant, or its last one before, if it kept this job from running; of
// several jobs the one that ended last. What cannot be asked is not found.
void why_upstream_find(struct client *client, const struct definition *definition, int64_t at_ms,
                       struct why_upstream *ret);
// When it ended, or was due.
int64_t why_upstream_came_ms(const struct why_upstream *upstream);

// "upstream a ended failed at Sun 02:30:07 (exit 3)"
void why_upstream_text(const struct why_upstream *upstream, const struct zone_file *zone, char *out,
                       size_t size);
// "ok", "not ok"
const char *why_upstream_wanted(const struct why_upstream *upstream);
json_t *why_upstream_document(const struct why_upstream *upstream); // null: none was found

#endif
