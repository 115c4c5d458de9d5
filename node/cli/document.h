// document.h - what --json prints: one document, or a line per item of a stream.
//
// Times are RFC 3339 in UTC with milliseconds and null where there is none, durations are integers
// named _ms, ids are lower-case hexadecimal. Field names are an interface: scripts rely on them.
// A value may be added with json_object_set_new; every function here returns a new reference.
#ifndef NODE_CLI_DOCUMENT_H
#define NODE_CLI_DOCUMENT_H

#include <jansson.h>

#include "proto/ledger.h"

json_t *document_text(const char *text);         // invalid UTF-8 is replaced by U+FFFD
json_t *document_bytes(struct bytes text);       // the same, of any bytes
json_t *document_text_or_null(const char *text); // null for NULL and ""
json_t *document_time(int64_t at_ms);            // null for 0
json_t *document_hex(const void *id, size_t size);
json_t *document_number(uint64_t number);
// Which trigger of its job: {"index", "text"}; null of an order. The text is null where it is not known.
json_t *document_trigger(uint16_t index, const char *text);
json_t *document_outcome(enum ledger_status status); // null while open
json_t *document_texts(const char *const *texts, size_t count);

// Prints and drops the reference.
void document_print(json_t *document);
void document_print_line(json_t *item); // flushed: somebody may be following

#endif
