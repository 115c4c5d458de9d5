// lookup.h - answers questions: finds the items, decodes their records once each, hands out rows.
#ifndef NODE_IO_STORE_LOOKUP_H
#define NODE_IO_STORE_LOOKUP_H

#include "node/io/store/reading.h"

enum {
    LOOKUP_LIMIT_MAX = 10000, // due times, segments or lines in one answer
    LOOKUP_RECENT_MS = 2 * 3600 * 1000,
};

// Everything a node must know at its start; see store_start. Returns what database_run returns.
int lookup_load(struct database *database, int64_t wall_ms, const struct reading_sink *sink) WARN_UNUSED;

// Items come with all others of the same due times. *ret_more: the limit cut the answer.
int lookup_query(struct database *database, const struct effect_query *query, const struct reading_sink *sink,
                 bool *ret_more) WARN_UNUSED;

#endif
