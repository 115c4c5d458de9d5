// job_set.h - the jobs of one or several job files, all checked before any of them is used.
#ifndef NODE_CLI_JOB_SET_H
#define NODE_CLI_JOB_SET_H

#include "node/cli/job_schema.h"

struct job_set {
    struct arena arena;          // owns what the jobs point into
    struct job_schema_job *jobs; // owned, in the order of the files
    size_t job_count, job_capacity;
    char (*namespaces)[NAME_ROOM]; // owned: those the files name, for --prune
    size_t namespace_count, namespace_capacity;
};

void job_set_deinit(struct job_set *set); // safe on a zeroed one

// Adds the jobs of one text. `name` stands in errors, like FILE:LINE:COLUMN. False with *ret_error set.
bool job_set_add(struct job_set *set, struct bytes text, const struct job_schema_context *context,
                 struct job_file_error *ret_error) WARN_UNUSED;
// The same from a file, or from stdin for "-". A command_status, said on stderr.
int job_set_add_file(struct job_set *set, const char *path,
                     const struct job_schema_context *context) WARN_UNUSED;

bool job_set_has_namespace(const struct job_set *set, const char *namespace_name);
bool job_set_has_job(const struct job_set *set, const char *namespace_name, const char *name);

// Reads a whole file of at most LIMIT_JOB_FILE_SIZE_MAX bytes. A command_status, said on stderr.
int job_set_read_text(const char *path, struct buffer *ret_text) WARN_UNUSED;
// Prints an error as NAME:LINE:COLUMN: text. Returns COMMAND_FAILED.
int job_set_print_error(const char *name, const struct job_file_error *error);

#endif
