// support_import.h - the records of a fleet of one node, as `init` would leave them in DIR/net/import.
#ifndef TESTS_UNIT_SUPPORT_IMPORT_H
#define TESTS_UNIT_SUPPORT_IMPORT_H

#include "node/io/runner/agent_keys.h"
#include "tests/unit/support_trust.h"

struct support_import {
    struct support_trust trust;
    struct agent_keys keys;
    struct envelope_signer node; // signs for `keys`
    struct envelope_signer alice;
    struct buffer file;
    size_t record_count; // kinds 01-23 in the file
};

// Genesis, Alice, the node's record and its keys.
void support_import_init(struct support_import *import);
void support_import_deinit(struct support_import *import);

void support_import_add(struct support_import *import, struct bytes envelope); // length and record
// An alive record of the node, saying it is reached at `address`.
void support_import_add_alive(struct support_import *import, const char *address);
void support_import_add_definition(struct support_import *import, const char *name);
void support_import_save(const struct support_import *import, const char *directory);

#endif
