// trigger_view.h - one trigger as people and scripts see it: in a line of a table, and in JSON.
#ifndef NODE_CLI_TRIGGER_VIEW_H
#define NODE_CLI_TRIGGER_VIEW_H

#include "node/cli/document.h"
#include "node/cli/zone_file.h"
#include "proto/definition.h"

// Appends "30 2 * * *", "every 5m", "at Sun 02:30", "after backup-nas ok", "event usb/*".
void trigger_view_text(const struct definition_trigger *trigger, const struct zone_file *zone, int64_t now_ms,
                       struct buffer *out);
json_t *trigger_view_document(const struct definition_trigger *trigger);

#endif
