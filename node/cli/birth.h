// birth.h - what `init` and `join` have in common: a node's first files.
#ifndef NODE_CLI_BIRTH_H
#define NODE_CLI_BIRTH_H

#include "node/io/runner/agent_dir.h"
#include "node/io/runner/agent_keys.h"
#include "node/io/runner/evidence.h"

// Appends the node's keys record (kind 12), which names what it came in by.
void birth_sign_keys(const struct agent_keys *keys, const struct record_id *admission, struct buffer *out);

struct birth {
    const struct agent_keys *keys; // with their fleet
    struct bytes records;          // a parcel (proto/parcel.h): what the network process takes in first
    struct bytes seeds;            // text: addresses where others are found, one a line
    struct evidence_first runner;  // what the runner believes
};

// Writes net/keys, net/import, net/seeds and the runner's files; the pin is last, with it a node lives there.
// COMMAND_FAILED, said on stderr.
int birth_save(const struct agent_dir *dir, const struct birth *birth) WARN_UNUSED;

#endif
