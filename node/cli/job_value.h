// job_value.h - what one value of a job file means: a duration, a choice, a name, a list of labels.
//
// Each reader returns false with the error filled: where it stands, what is wrong, what belongs there.
// Results live in the arena of the tree.
#ifndef NODE_CLI_JOB_VALUE_H
#define NODE_CLI_JOB_VALUE_H

#include "node/cli/job_file.h"
#include "proto/authority.h"
#include "proto/definition.h"

struct job_value {
    struct arena *arena;
    struct job_file_error *error;
};

bool job_value_text(const struct job_value *reader, const struct job_file_node *node, size_t size_max,
                    const char **ret_text) WARN_UNUSED; // not empty
bool job_value_name(const struct job_value *reader, const struct job_file_node *node,
                    char ret_name[NAME_ROOM]) WARN_UNUSED;
bool job_value_number(const struct job_value *reader, const struct job_file_node *node, uint64_t most,
                      uint64_t *ret_number) WARN_UNUSED;
// 0 is refused.
bool job_value_duration(const struct job_value *reader, const struct job_file_node *node,
                        uint64_t *ret_ms) WARN_UNUSED;
// "4096", "64K", "1M", "2G": bytes, in powers of 1,024.
bool job_value_size(const struct job_value *reader, const struct job_file_node *node, uint64_t most,
                    uint64_t *ret_bytes) WARN_UNUSED;
// "2" or "1.5", as thousandths; 1 to 100.
bool job_value_factor(const struct job_value *reader, const struct job_file_node *node,
                      uint32_t *ret_milli) WARN_UNUSED;
// The index of the word in `words`.
bool job_value_choice(const struct job_value *reader, const struct job_file_node *node,
                      const char *const *words, size_t count, unsigned *ret_index) WARN_UNUSED;
bool job_value_texts(const struct job_value *reader, const struct job_file_node *node, size_t most,
                     const char *const **ret_texts, size_t *ret_count) WARN_UNUSED;
bool job_value_labels(const struct job_value *reader, const struct job_file_node *node,
                      struct labels *ret_labels) WARN_UNUSED;
bool job_value_variables(const struct job_value *reader, const struct job_file_node *node,
                         const struct definition_pair **ret_pairs, size_t *ret_count) WARN_UNUSED;

// Refuses a map with a key that is not among `known`, with the nearest known one.
bool job_value_check_keys(const struct job_value *reader, const struct job_file_node *map,
                          const char *const *known, size_t count) WARN_UNUSED;
bool job_value_is(const struct job_value *reader, const struct job_file_node *node, enum job_file_kind kind,
                  const char *what) WARN_UNUSED;

#endif
