// preview.h - coming due times, computed here: of a cron expression, or of a definition.
//
// With the same functions as the agent, from this machine's zone files. What it says is a preview:
// a node with newer zone data decides for itself.
#ifndef NODE_CLI_PREVIEW_H
#define NODE_CLI_PREVIEW_H

#include "node/cli/local_time.h"
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
// The same, of those that lie in no blackout. False: none was found up to *ret_until_ms, where the search was
// given up; INT64_MAX: there is none.
bool preview_next_outside(const struct preview *preview, int64_t after_ms, int64_t *ret_due_ms,
                          int64_t *ret_until_ms);
// The end of the blackout this instant lies in, and of those it runs into, as far as they are looked at; 0:
// it lies in none.
int64_t preview_blackout_end_ms(const struct preview *preview, int64_t at_ms);

enum {
    PREVIEW_MARK_ROOM = LOCAL_TIME_ROOM + 64,
    PREVIEW_WHY_ROOM = 128,
};

// Why a job whose files or options say this will never be due: "every time it names has passed"; NULL: it may
// be. `room` may be used for it.
const char *preview_why_never(const struct preview *preview, const struct definition *definition,
                              int64_t now_ms, char room[PREVIEW_WHY_ROOM]);

// What stands behind a due time that is not carried out: "(blackout until Sun 18:00)"; else "".
void preview_mark(const struct preview *preview, const struct zone *shown, int64_t due_ms, int64_t now_ms,
                  char ret_text[PREVIEW_MARK_ROOM]);
// "first outside a blackout: Sun 2026-11-22 18:00:00 CET", for whoever was shown due times up to last_ms and
// only such as lie in a blackout.
void preview_outside(const struct preview *preview, const struct zone *shown, int64_t last_ms,
                     char ret_text[PREVIEW_MARK_ROOM]);

#endif
