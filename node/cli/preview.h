// preview.h - coming due times, computed here: of a cron expression, or of a definition.
//
// With the same functions as the agent, from this machine's zone files. What it says is a preview:
// a node with newer zone data decides for itself.
#ifndef NODE_CLI_PREVIEW_H
#define NODE_CLI_PREVIEW_H

#include "node/cli/zone_file.h"
#include "node/core/trigger/due.h"
#include "proto/definition.h"

struct preview {
    struct zone_file zone; // owned
    struct due **dues;     // owned: of the triggers that have a calendar
    size_t due_count;
};

enum {
    PREVIEW_BAD_TRIGGER = 1, // *ret_index says which, the error why
    PREVIEW_BAD_ZONE,
};

struct preview_error {
    size_t index;               // of the trigger
    struct trigger_error error; // column 0 for a zone
};

// `zone` NULL: this machine's own. 0, PREVIEW_BAD_TRIGGER or PREVIEW_BAD_ZONE.
int preview_open_cron(const char *expression, const char *zone, struct preview *ret,
                      struct preview_error *ret_error) WARN_UNUSED;
// In the definition's zone, or in `zone` if that is not NULL; "local" means this machine's. Triggers
// that wait for something to happen have no due times and are left out.
int preview_open_definition(const struct definition *definition, const char *zone, struct preview *ret,
                            struct preview_error *ret_error) WARN_UNUSED;
void preview_close(struct preview *preview);

// The earliest due time of all triggers after after_ms; false: never again.
bool preview_next(const struct preview *preview, int64_t after_ms, int64_t *ret_due_ms);

#endif
