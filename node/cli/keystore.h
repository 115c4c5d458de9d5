// keystore.h - the keys of a person: root and operator, and what this person has seen of the fleet.
//
// A directory (0700) with key files (0600), made by `init` or `key add`; the agent never opens it.
//   root.key      signs the authority log; belongs on a machine or stick that is kept apart
//   operator.key  signs jobs
//   seen          the newest entry of the authority log this person's commands have verified, so that
//                 an agent cannot show an older or another log later
// A key file is text: lines `word value`. With a passphrase the seed is sealed with
// XChaCha20-Poly1305 under a key from Argon2id (crypto_pwhash), and asked for on the terminal or taken
// from $KATYDID_PASSPHRASE. Files that others may read are refused with the command to type.
//
// Functions that return int give a command_status; what is wrong has been said on stderr.
#ifndef NODE_CLI_KEYSTORE_H
#define NODE_CLI_KEYSTORE_H

#include "node/cli/command.h"
#include "proto/envelope.h"
#include "proto/name.h"

enum keystore_role {
    KEYSTORE_ROOT,
    KEYSTORE_OPERATOR,
};

struct keystore_key {
    enum keystore_role role;
    struct fleet_id fleet;
    char name[NAME_ROOM];
    uint8_t seed[32];
    struct public_key public_key; // of the seed
};

struct keystore_seen {
    struct fleet_id fleet;
    uint64_t number; // of the authority entry; 0: genesis
    struct hash id;
};

#define KEYSTORE_ROOT_FILE     "root.key"
#define KEYSTORE_OPERATOR_FILE "operator.key"

// Draws a key.
void keystore_generate(enum keystore_role role, const char *name, struct keystore_key *ret_key);
void keystore_wipe(struct keystore_key *key);
// A signer with that key; wipe it with sodium_memzero after use.
struct envelope_signer keystore_signer(const struct keystore_key *key);

// Makes the directory and those above it. COMMAND_FAILED when it holds a key already, so that none is lost.
int keystore_create(const char *directory) WARN_UNUSED;
// True when the directory is there; whether it may be used is found out when a key is loaded.
bool keystore_exists(const char *directory);

// A file of its own, never over one that exists, durable. passphrase NULL: not sealed.
int keystore_save(const char *path, const struct keystore_key *key, const char *passphrase) WARN_UNUSED;
int keystore_load(const char *path, struct keystore_key *ret_key) WARN_UNUSED;
// path of a file in the directory; free() it.
char *keystore_path(const char *directory, const char *file);

// Nothing seen yet is a fleet of zeroes.
int keystore_load_seen(const char *directory, struct keystore_seen *ret_seen) WARN_UNUSED;
int keystore_save_seen(const char *directory, const struct keystore_seen *seen) WARN_UNUSED;

#endif
