// schedule.h - coming due times, computed here: of a cron expression, or of a definition.
//
// With the same functions as the agent, from this machine's zone files. What it says is a preview:
// a node with newer zone data decides for itself.
#ifndef NODE_CLI_SCHEDULE_H
#define NODE_CLI_SCHEDULE_H

#include "node/cli/zone_file.h"
#include "node/core/trigger/trigger.h"
#include "proto/definition.h"

struct schedule {
    struct zone_file zone;     // owned
    struct trigger **triggers; // owned
    size_t trigger_count;
};

enum {
    SCHEDULE_BAD_TRIGGER = 1, // *ret_index says which, the error why
    SCHEDULE_BAD_ZONE,
};

struct schedule_error {
    size_t index;               // of the trigger
    struct trigger_error error; // column 0 for a zone
};

// `zone` NULL: this machine's own. 0, SCHEDULE_BAD_TRIGGER or SCHEDULE_BAD_ZONE.
int schedule_open_cron(const char *expression, const char *zone, struct schedule *ret,
                       struct schedule_error *ret_error) WARN_UNUSED;
// In the definition's zone, or in `zone` if that is not NULL; "local" means this machine's. Kinds of
// triggers this build does not compute are left out.
int schedule_open_definition(const struct definition *definition, const char *zone, struct schedule *ret,
                             struct schedule_error *ret_error) WARN_UNUSED;
void schedule_close(struct schedule *schedule);

// The earliest due time of all triggers after after_ms; false: never again.
bool schedule_next(const struct schedule *schedule, int64_t after_ms, int64_t *ret_due_ms);

#endif
