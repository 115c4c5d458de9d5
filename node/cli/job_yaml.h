// job_yaml.h - a definition as the YAML that `apply` would find unchanged.
#ifndef NODE_CLI_JOB_YAML_H
#define NODE_CLI_JOB_YAML_H

#include "proto/definition.h"

// Appends "name:" and the keys below it, indented by two blanks. `name` is as it shall stand there.
void job_yaml_print(const struct definition *definition, const char *name, struct buffer *out);
// The keys among them that say when. job_yaml_schedule.c
void job_yaml_schedule(struct buffer *out, const struct definition *definition);

#endif
