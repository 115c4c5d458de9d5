#include "node/cli/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/cli/passphrase.h"
#include "node/cli/print.h"
#include "node/io/clock.h"

enum {
    KEY_FILE_SIZE_MAX = 4096,
    KEY_FILE_VERSION = 1,
};

#define SEEN_FILE "seen"

void keystore_generate(enum keystore_role role, const char *name, struct keystore_key *ret_key)
{
    struct secret_key secret;
    *ret_key = (struct keystore_key){.role = role};
    snprintf(ret_key->name, sizeof ret_key->name, "%s", name);
    clock_entropy(ret_key->seed, sizeof ret_key->seed);
    envelope_keypair(ret_key->seed, &ret_key->public_key, &secret);
    sodium_memzero(&secret, sizeof secret);
}

void keystore_wipe(struct keystore_key *key)
{
    sodium_memzero(key, sizeof *key);
}

struct envelope_signer keystore_signer(const struct keystore_key *key)
{
    struct envelope_signer signer = {.fleet = key->fleet};
    envelope_keypair(key->seed, &signer.key, &signer.secret);
    return signer;
}

char *keystore_path(const char *directory, const char *file)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, file) < 0)
        abort();
    return path;
}

bool keystore_exists(const char *directory)
{
    struct stat status;
    return stat(directory, &status) == 0 && S_ISDIR(status.st_mode);
}

// ---- files ----

static int make_directories(const char *path)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part)
        return -ENAMETOOLONG;
    strcpy(part, path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return mkdir(part, 0700) && errno != EEXIST ? -errno : 0;
}

// Only its owner may look inside, and that is who runs this command.
static int check_private(const char *path, const struct stat *status, const char *mode)
{
    if (status->st_uid != geteuid())
        return print_failure("%s: belongs to another user; keys are only taken from files of your own", path);
    if (status->st_mode & 077)
        return print_failure("%s: others may open it; type: chmod %s %s", path, mode, path);
    return COMMAND_DONE;
}

static int check_directory(const char *directory)
{
    struct stat status;
    if (stat(directory, &status))
        return print_failure("%s: %s", directory, strerror(errno));
    return check_private(directory, &status, "700");
}

int keystore_create(const char *directory)
{
    static const char *const FILES[] = {KEYSTORE_ROOT_FILE, KEYSTORE_OPERATOR_FILE, SEEN_FILE};
    int error = make_directories(directory);
    if (error)
        return print_failure("%s: %s; choose another place with --keys", directory, strerror(-error));
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        char *path = keystore_path(directory, FILES[i]);
        bool is_there = access(path, F_OK) == 0;
        free(path);
        if (is_there)
            return print_failure("%s holds keys already; choose another place with --keys", directory);
    }
    return check_directory(directory);
}

static int sync_directory_of(const char *path)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    char *slash = strrchr(part, '/');
    if (slash)
        *(slash == part ? slash + 1 : slash) = '\0';
    int directory = open(slash ? part : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = directory < 0 || fsync(directory) ? -errno : 0;
    if (directory >= 0)
        close(directory);
    return error;
}

static int write_file(const char *path, const char *text, bool may_replace)
{
    char *fresh = NULL;
    if (asprintf(&fresh, "%s.%ld", path, (long)getpid()) < 0)
        abort();
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t size = strlen(text);
    int error = file < 0 || write(file, text, size) != (ssize_t)size || fsync(file) ? -errno : 0;
    if (file >= 0)
        close(file);
    if (!error && (may_replace ? rename(fresh, path) : link(fresh, path)))
        error = -errno;
    if (file >= 0 && (error || !may_replace))
        unlink(fresh);
    if (!error)
        error = sync_directory_of(path);
    free(fresh);
    return error;
}

static int read_file(const char *path, char out[KEY_FILE_SIZE_MAX])
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 || fstat(file, &status)) {
        int error = errno;
        if (file >= 0)
            close(file);
        return print_failure("the key file %s cannot be read: %s", path, strerror(error));
    }
    int outcome = check_private(path, &status, "600");
    ssize_t size = outcome ? 0 : read(file, out, KEY_FILE_SIZE_MAX - 1);
    close(file);
    if (!outcome && (size <= 0 || !S_ISREG(status.st_mode)))
        return print_failure("%s: not a key file", path);
    out[MAX_OF(size, (ssize_t)0)] = '\0';
    return outcome;
}

// ---- key files ----

// The value of `word` in lines of `word value`; false when it is missing or too long.
static bool find_value(const char *text, const char *word, char *out, size_t room)
{
    size_t word_size = strlen(word);
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, word, word_size) || line[word_size] != ' ')
            continue;
        const char *value = line + word_size + 1;
        size_t size = strcspn(value, "\r\n");
        if (size >= room)
            return false;
        memcpy(out, value, size);
        out[size] = '\0';
        return true;
    }
    return false;
}

static bool find_hex(const char *text, const char *word, void *out, size_t size)
{
    char value[256];
    return size * 2 < sizeof value && find_value(text, word, value, sizeof value) &&
           hex_decode(value, out, size);
}

int keystore_save(const char *path, const struct keystore_key *key, const char *passphrase)
{
    char fleet[2 * HASH_SIZE + 1], public_key[2 * PUBLIC_KEY_SIZE + 1],
        secret[2 * PASSPHRASE_SEALED_SIZE + 1];
    uint8_t sealed[PASSPHRASE_SEALED_SIZE];
    hex_encode(key->fleet.hash.b, HASH_SIZE, fleet);
    hex_encode(key->public_key.b, PUBLIC_KEY_SIZE, public_key);
    if (passphrase && !passphrase_seal(passphrase, key->seed, sealed))
        return print_failure(
            "not enough memory to seal the key; run it on a larger machine or leave out --passphrase");
    if (passphrase)
        hex_encode(sealed, sizeof sealed, secret);
    else
        hex_encode(key->seed, sizeof key->seed, secret);
    char text[KEY_FILE_SIZE_MAX];
    snprintf(text, sizeof text, "katydid-key %d\nrole %s\nfleet %s\nname %s\npublic %s\n%s %s\n",
             KEY_FILE_VERSION, key->role == KEYSTORE_ROOT ? "root" : "operator", fleet, key->name, public_key,
             passphrase ? "sealed" : "seed", secret);
    int error = write_file(path, text, false);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, sizeof text);
    if (error == -EEXIST)
        return print_failure("%s is there already, and a key is never overwritten; move it away", path);
    return error ? print_failure("%s: %s", path, strerror(-error)) : COMMAND_DONE;
}

static int open_seed(const char *path, const char *text, struct keystore_key *key)
{
    uint8_t sealed[PASSPHRASE_SEALED_SIZE];
    char *passphrase = NULL;
    if (find_hex(text, "seed", key->seed, sizeof key->seed))
        return COMMAND_DONE;
    if (!find_hex(text, "sealed", sealed, sizeof sealed))
        return print_failure("%s: not a key file of this version", path);
    int status = passphrase_ask(false, &passphrase);
    if (status != COMMAND_DONE)
        return status;
    if (!passphrase_open(passphrase, sealed, key->seed))
        status = print_failure("%s: the passphrase does not open it", path);
    passphrase_wipe(passphrase);
    return status;
}

static bool parse_key(const char *text, struct keystore_key *key)
{
    char version[16], role[16];
    if (!find_value(text, "katydid-key", version, sizeof version) || strcmp(version, "1") != 0 ||
        !find_value(text, "role", role, sizeof role) ||
        !find_hex(text, "fleet", key->fleet.hash.b, HASH_SIZE) ||
        !find_hex(text, "public", key->public_key.b, PUBLIC_KEY_SIZE) ||
        !find_value(text, "name", key->name, sizeof key->name) || !name_is_valid(bytes_of_text(key->name)))
        return false;
    key->role = strcmp(role, "root") == 0 ? KEYSTORE_ROOT : KEYSTORE_OPERATOR;
    return key->role == KEYSTORE_ROOT || strcmp(role, "operator") == 0;
}

int keystore_load(const char *path, struct keystore_key *ret_key)
{
    char text[KEY_FILE_SIZE_MAX];
    struct keystore_key key = {0};
    int status = read_file(path, text);
    if (status == COMMAND_DONE)
        status = parse_key(text, &key) ? open_seed(path, text, &key)
                                       : print_failure("%s: not a key file of this version", path);
    sodium_memzero(text, sizeof text);
    struct envelope_signer signer = keystore_signer(&key);
    if (status == COMMAND_DONE && memcmp(&signer.key, &key.public_key, sizeof signer.key) != 0)
        status = print_failure("%s: damaged: its two halves do not belong together", path);
    sodium_memzero(&signer, sizeof signer);
    if (status == COMMAND_DONE)
        *ret_key = key;
    keystore_wipe(&key);
    return status;
}

// ---- what was seen ----

int keystore_load_seen(const char *directory, struct keystore_seen *ret_seen)
{
    char *path = keystore_path(directory, SEEN_FILE);
    char text[KEY_FILE_SIZE_MAX] = "", number[24];
    struct keystore_seen seen = {0};
    int status = COMMAND_DONE;
    if (access(path, F_OK) == 0) {
        status = read_file(path, text);
        if (status == COMMAND_DONE && (!find_hex(text, "fleet", seen.fleet.hash.b, HASH_SIZE) ||
                                       !find_hex(text, "entry", seen.id.b, HASH_SIZE) ||
                                       !find_value(text, "number", number, sizeof number)))
            status = print_failure("%s: damaged; remove it to trust what the agent shows now", path);
        else if (status == COMMAND_DONE)
            seen.number = strtoull(number, NULL, 10);
    }
    free(path);
    if (status == COMMAND_DONE)
        *ret_seen = seen;
    return status;
}

int keystore_save_seen(const char *directory, const struct keystore_seen *seen)
{
    char *path = keystore_path(directory, SEEN_FILE);
    char fleet[2 * HASH_SIZE + 1], entry[2 * HASH_SIZE + 1], text[KEY_FILE_SIZE_MAX];
    hex_encode(seen->fleet.hash.b, HASH_SIZE, fleet);
    hex_encode(seen->id.b, HASH_SIZE, entry);
    snprintf(text, sizeof text, "fleet %s\nnumber %llu\nentry %s\n", fleet, (unsigned long long)seen->number,
             entry);
    int error = write_file(path, text, true);
    int status = error ? print_failure("%s: %s", path, strerror(-error)) : COMMAND_DONE;
    free(path);
    return status;
}
