// agent_keys.h - a node's private keys: DIR/net/keys, the network process's alone.
//
// Made by `init` or `join`; the runner never reads them. The signing key (Ed25519) makes the node's
// id; the datagram key (X25519) is bound to it by a signed record (kind 12).
#ifndef NODE_IO_RUNNER_AGENT_KEYS_H
#define NODE_IO_RUNNER_AGENT_KEYS_H

#include <sys/types.h>

#include "proto/envelope.h"

struct agent_keys {
    struct fleet_id fleet;       // zero until the fleet is known
    uint8_t signing_seed[32];    // Ed25519
    uint8_t datagram_secret[32]; // X25519
};

// Draws fresh keys.
void agent_keys_generate(struct agent_keys *ret_keys);
void agent_keys_wipe(struct agent_keys *keys);

struct public_key agent_keys_node_key(const struct agent_keys *keys);
struct public_key agent_keys_datagram_key(const struct agent_keys *keys);
// A signer for the node's own records. Holds the secret: wipe it with sodium_memzero after use.
struct envelope_signer agent_keys_signer(const struct agent_keys *keys);

// `net_directory` is DIR/net; the file is 0600 and owned by (user, group), which is who runs the
// network process (agent_dir.h); (uid_t)-1: us. 0 or -errno: -ENOENT no keys, -EBADMSG damaged.
int agent_keys_save(int net_directory, uid_t user, gid_t group, const struct agent_keys *keys) WARN_UNUSED;
int agent_keys_load(int net_directory, struct agent_keys *ret_keys) WARN_UNUSED;

#endif
