// name.h - what a job, namespace, node, label, event or user may be called.
//
// A name matches [A-Za-z0-9][A-Za-z0-9._-]{0,62}: it can stand in a shell line, a file name and a
// terminal without quoting. Other text (reasons, notes, label values, commands) is valid UTF-8
// without zero bytes; it is escaped where it is printed, not here.
#ifndef PROTO_NAME_H
#define PROTO_NAME_H

#include "proto/bytes.h"
#include "proto/limits.h"

enum {
    NAME_ROOM = LIMIT_NAME_SIZE_MAX + 1,
    NAME_JOB_ROOM = 2 * LIMIT_NAME_SIZE_MAX + 2, // "namespace/name"
};

bool name_is_valid(struct bytes text);
// How long the UTF-8 character at the start of `text`, which is not empty, is (RFC 3629, table 3-7 of
// Unicode); 0: none, or a zero byte.
size_t name_character_size(struct bytes text);
// Valid UTF-8 of at most `size_max` bytes, no zero byte.
bool name_is_text(struct bytes text, size_t size_max);
// Drops what is left at the end of a text that was cut within a character.
void name_trim(char *text);
// Splits "namespace/name" or "name" (namespace `main`); false when either part is no valid name.
bool name_split_job(const char *text, char ret_namespace[NAME_ROOM], char ret_name[NAME_ROOM]) WARN_UNUSED;
// Writes "namespace/name".
void name_join_job(const char *namespace_name, const char *name, char ret_job[NAME_JOB_ROOM]);
// "backup" of "main/backup", as people say it; any other as it is. Points into `job`.
const char *name_short_job(const char *job);

// A selector value or scope entry: "*" or an exact match.
bool name_matches(const char *pattern, const char *name);
// A pattern of names, of events, jobs and files: `*` stands for any characters, `?` for one. Case counts.
bool name_fits(const char *pattern, const char *text);

#endif
