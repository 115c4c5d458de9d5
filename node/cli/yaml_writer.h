// yaml_writer.h - YAML as job files have it: keys of a job on lines of their own, small maps on one line.
//
// Everything is appended to `out`. What says nothing (no text, zero, a default) is left out with its key.
#ifndef NODE_CLI_YAML_WRITER_H
#define NODE_CLI_YAML_WRITER_H

#include "proto/authority.h"

void yaml_writer_add(struct buffer *out, const char *text); // as it is
// One text, quoted where YAML or a reader could take it for something else.
void yaml_writer_value(struct buffer *out, const char *text);
void yaml_writer_instant(struct buffer *out, int64_t at_ms);
void yaml_writer_labels(struct buffer *out, const struct labels *labels); // "{a: b}"

// A key of a job, indented, and its value to the end of the line.
void yaml_writer_key(struct buffer *out, const char *key); // the value is the caller's to add
void yaml_writer_text(struct buffer *out, const char *key, const char *text);
void yaml_writer_duration(struct buffer *out, const char *key, uint64_t ms);
void yaml_writer_number(struct buffer *out, const char *key, uint64_t number);
void yaml_writer_word(struct buffer *out, const char *key, unsigned value,
                      const char *const *words); // the default, 0, is left out

// The entries of a map on one line, "{a: 1, b: 2": `shown` counts those that stand there already, the
// closing brace is the caller's.
void yaml_writer_entry(struct buffer *out, size_t *shown, const char *key);
void yaml_writer_text_entry(struct buffer *out, size_t *shown, const char *key, const char *text);
void yaml_writer_span_entry(struct buffer *out, size_t *shown, const char *key, uint64_t ms);
void yaml_writer_labels_entry(struct buffer *out, size_t *shown, const char *key,
                              const struct labels *labels);
// "on: [join, dead]": words[i] for bit i.
void yaml_writer_bits_entry(struct buffer *out, size_t *shown, uint32_t bits, const char *const *words);

#endif
