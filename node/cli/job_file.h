// job_file.h - YAML as a tree of texts that remember where they stood.
//
// Reads the subset that job files need: maps, lists and scalars, every scalar a text (a schema decides
// what it means: no Norway problem, no octal surprise). Anchors, aliases, tags, several documents and
// duplicate keys are refused. Bounds: LIMIT_JOB_FILE_SIZE_MAX bytes, LIMIT_JOB_FILE_DEPTH_MAX deep,
// JOB_FILE_NODE_COUNT_MAX values. The command line builds the same tree from its options, with line 0.
#ifndef NODE_CLI_JOB_FILE_H
#define NODE_CLI_JOB_FILE_H

#include "proto/arena.h"
#include "proto/limits.h"

enum {
    JOB_FILE_NODE_COUNT_MAX = 200000,
    JOB_FILE_TEXT_ROOM = 320,
};

enum job_file_kind {
    JOB_FILE_SCALAR,
    JOB_FILE_LIST,
    JOB_FILE_MAP,
};

struct job_file_place {
    size_t line, column; // from 1; 0: not from a file
};

struct job_file_entry { // of a map
    const char *key;
    struct job_file_place place;
    struct job_file_node *value;
};

struct job_file_node {
    enum job_file_kind kind;
    struct job_file_place place; // of the text itself, behind an opening quote
    const char *text;            // scalar
    bool is_quoted;
    struct job_file_node **items;   // list
    struct job_file_entry *entries; // map, in the order of the file
    size_t count;                   // of items or entries
};

struct job_file_error {
    struct job_file_place place;
    const char *key; // of the job, where a schema knows it; else NULL
    char text[JOB_FILE_TEXT_ROOM];
};

// Everything lives in `arena`. False with the error filled.
bool job_file_parse(struct bytes text, struct arena *arena, struct job_file_node **ret_root,
                    struct job_file_error *ret_error) WARN_UNUSED;

// Building by hand; `text` is borrowed. The tree must be built with the arena it was begun with.
struct job_file_node *job_file_scalar(struct arena *arena, const char *text);
struct job_file_node *job_file_list(struct arena *arena);
struct job_file_node *job_file_map(struct arena *arena);
void job_file_append(struct arena *arena, struct job_file_node *list, struct job_file_node *item);
void job_file_set(struct arena *arena, struct job_file_node *map, const char *key,
                  struct job_file_node *value);

// The value under a key, or NULL.
const struct job_file_node *job_file_find(const struct job_file_node *map, const char *key);

// Fills an error and returns false.
bool job_file_refuse(struct job_file_error *ret_error, struct job_file_place place, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
