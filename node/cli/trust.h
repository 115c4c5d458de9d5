// trust.h - what the command line believes of an agent: only what a pinned key has signed.
//
// The fleet is the one in DIR/runner/pin, which the network process cannot write. Genesis and authority
// log come from the agent and are checked entry by entry; the log must hold the newest entry this person
// has seen before (keystore.h), so an agent cannot show an older or another one. Definitions and pauses
// are verified before they are shown, edited or lifted. An agent that lies is refused, in one line.
#ifndef NODE_CLI_TRUST_H
#define NODE_CLI_TRUST_H

#include "crdt/permission.h"
#include "node/cli/client.h"
#include "proto/change.h"
#include "proto/definition.h"

struct trust {
    struct authority_log log;
    struct node_id node; // which lives at DIR, by its pin
    char *keys;          // owned: the person's key directory, whether it exists or not
};

// Asks the agent for its authority log. A command_status, said on stderr.
int trust_open(const struct command_line *line, struct client *client, struct trust *ret_trust) WARN_UNUSED;
void trust_close(struct trust *trust); // safe on a zeroed one

struct trust_definition {
    struct arena arena; // owns what `definition` points into
    struct definition definition;
    struct record_id id;
    const char *signer;         // the operator's name
    enum permission permission; // granted, revoked or narrowed: accepted in any case
};

// Verifies one definition the agent gave for `job` ("namespace/name").
int trust_open_definition(const struct trust *trust, const char *job, struct bytes envelope,
                          struct trust_definition *ret) WARN_UNUSED;
void trust_close_definition(struct trust_definition *definition);

struct trust_pause {
    struct arena arena;
    struct pause pause;
    struct record_id id;
    const char *signer;
};
int trust_open_pause(const struct trust *trust, const char *job, struct bytes envelope,
                     struct trust_pause *ret) WARN_UNUSED;
void trust_close_pause(struct trust_pause *pause);

#endif
