// trigger_words.h - what a definition's triggers and modifiers mean, in plain words.
#ifndef NODE_CLI_TRIGGER_WORDS_H
#define NODE_CLI_TRIGGER_WORDS_H

#include "node/core/trigger/explain.h"
#include "proto/definition.h"

// `out` holds EXPLAIN_TEXT_SIZE. `zone` is the definition's.
void trigger_words_print(const struct definition *definition, size_t trigger, const struct zone *zone,
                         char *out);
// Bounds, jitter, blackouts: "only the first 12 due times; up to 30s later". "" where there is none.
void trigger_words_modifiers(const struct definition *definition, char *out);

#endif
