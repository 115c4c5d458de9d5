#include "node/cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "node/cli/print.h"
#include "node/io/clock.h"
#include "proto/bytes.h"

// Affordable on a machine with 64 MB, and slow enough to guess against.
enum {
    OPERATIONS = 4,
    MEMORY_KIB = 16 * 1024,
    OPERATIONS_MAX = 64,
    MEMORY_KIB_MAX = 1024 * 1024,
};

// One line from the terminal itself, so that a pipe on stdin is left alone; false when there is none.
static bool ask(const char *question, char **ret_answer)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios before, quiet;
    if (terminal < 0 || tcgetattr(terminal, &before)) {
        if (terminal >= 0)
            close(terminal);
        return false;
    }
    char answer[PASSPHRASE_SIZE_MAX + 1];
    quiet = before;
    quiet.c_lflag &= (tcflag_t)~ECHO;
    tcsetattr(terminal, TCSAFLUSH, &quiet);
    bool is_asked = dprintf(terminal, "%s", question) > 0;
    ssize_t part =
        is_asked ? read(terminal, answer, sizeof answer - 1) : -1; // a terminal gives a line at a time
    tcsetattr(terminal, TCSAFLUSH, &before);
    dprintf(terminal, "\n");
    close(terminal);
    answer[MAX_OF(part, (ssize_t)0)] = '\0';
    answer[strcspn(answer, "\n")] = '\0';
    if (part > 0)
        *ret_answer = base_copy_text(answer);
    sodium_memzero(answer, sizeof answer);
    return part > 0;
}

static int ask_again(char **passphrase)
{
    char *again = NULL;
    if (!ask("again: ", &again) || strcmp(again, *passphrase) != 0) {
        passphrase_wipe(again);
        passphrase_wipe(*passphrase);
        *passphrase = NULL;
        return print_failure("the two passphrases differ; nothing was done");
    }
    passphrase_wipe(again);
    return COMMAND_DONE;
}

int passphrase_ask(bool is_new, char **ret_passphrase)
{
    const char *given = getenv("KATYDID_PASSPHRASE");
    if (given && strlen(given) <= PASSPHRASE_SIZE_MAX) {
        *ret_passphrase = base_copy_text(given);
        return COMMAND_DONE;
    }
    if (!ask(is_new ? "passphrase for the new keys: " : "passphrase: ", ret_passphrase))
        return print_failure(
            "the key needs a passphrase and there is no terminal to ask on; set KATYDID_PASSPHRASE");
    return is_new ? ask_again(ret_passphrase) : COMMAND_DONE;
}

void passphrase_wipe(char *passphrase)
{
    if (passphrase)
        sodium_memzero(passphrase, strlen(passphrase));
    free(passphrase);
}

static bool derive(const char *passphrase, const uint8_t *salt, uint32_t operations, uint32_t memory_kib,
                   uint8_t ret_key[32])
{
    return crypto_pwhash(ret_key, 32, passphrase, strlen(passphrase), salt, operations,
                         (size_t)memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool passphrase_seal(const char *passphrase, const uint8_t seed[32],
                     uint8_t ret_sealed[PASSPHRASE_SEALED_SIZE])
{
    uint8_t random[16 + 24], key[32];
    struct buffer sealed = {0};
    clock_entropy(random, sizeof random);
    if (!derive(passphrase, random, OPERATIONS, MEMORY_KIB, key))
        return false;
    buffer_add_u32(&sealed, OPERATIONS);
    buffer_add_u32(&sealed, MEMORY_KIB);
    buffer_add(&sealed, random, sizeof random);
    memcpy(ret_sealed, sealed.data, sealed.size);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret_sealed + sealed.size, NULL, seed, 32, ret_sealed,
                                               sealed.size, NULL, random + 16, key);
    sodium_memzero(key, sizeof key);
    buffer_deinit(&sealed);
    return true;
}

bool passphrase_open(const char *passphrase, const uint8_t sealed[PASSPHRASE_SEALED_SIZE],
                     uint8_t ret_seed[32])
{
    enum { HEAD = 4 + 4 + 16 + 24 };
    struct reader reader;
    uint8_t key[32];
    reader_init(&reader, bytes_of(sealed, PASSPHRASE_SEALED_SIZE));
    uint32_t operations = reader_u32(&reader), memory_kib = reader_u32(&reader);
    if (operations == 0 || operations > OPERATIONS_MAX || memory_kib < 8 || memory_kib > MEMORY_KIB_MAX)
        return false;
    if (!derive(passphrase, sealed + 8, operations, memory_kib, key))
        return false;
    bool is_open = crypto_aead_xchacha20poly1305_ietf_decrypt(ret_seed, NULL, NULL, sealed + HEAD, 32 + 16,
                                                              sealed, HEAD, sealed + 8 + 16, key) == 0;
    sodium_memzero(key, sizeof key);
    return is_open;
}
