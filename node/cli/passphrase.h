// passphrase.h - a key sealed under something a person remembers.
//
// Sealed: {operations u32, memory in KiB u32, salt 16, nonce 24, ciphertext and tag 48}. Argon2id makes
// the key, with the costs that stand in the file (bounded when it is opened); XChaCha20-Poly1305 seals.
#ifndef NODE_CLI_PASSPHRASE_H
#define NODE_CLI_PASSPHRASE_H

#include "proto/base.h"

enum {
    PASSPHRASE_SEALED_SIZE = 4 + 4 + 16 + 24 + 32 + 16,
    PASSPHRASE_SIZE_MAX = 1024,
};

// Takes $KATYDID_PASSPHRASE, else asks on the terminal (twice when `is_new`). A command_status.
int passphrase_ask(bool is_new, char **ret_passphrase) WARN_UNUSED;
void passphrase_wipe(char *passphrase); // zeroes and frees; NULL is fine

// False when the memory it takes is not there.
bool passphrase_seal(const char *passphrase, const uint8_t seed[32],
                     uint8_t ret_sealed[PASSPHRASE_SEALED_SIZE]) WARN_UNUSED;
// False when the passphrase is another one, or the seal is damaged.
bool passphrase_open(const char *passphrase, const uint8_t sealed[PASSPHRASE_SEALED_SIZE],
                     uint8_t ret_seed[32]) WARN_UNUSED;

#endif
