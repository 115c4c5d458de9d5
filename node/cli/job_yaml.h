// job_yaml.h - a definition as the YAML that `apply` would find unchanged.
#ifndef NODE_CLI_JOB_YAML_H
#define NODE_CLI_JOB_YAML_H

#include "proto/definition.h"

// Appends "name:" and the keys below it, indented by two blanks. `name` is as it shall stand there.
void job_yaml_print(const struct definition *definition, const char *name, struct buffer *out);
// Appends one text, quoted where YAML or a reader could take it for something else.
void job_yaml_text(const char *text, struct buffer *out);

#endif
