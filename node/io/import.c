#include "node/io/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/envelope.h"
#include "proto/parcel.h"

enum { DEFAULT_PORT = 5289 };

static const char import_name[] = "import";
static const char seeds_name[] = "seeds";

struct import {
    struct fleet_id fleet;
    struct store *store;
    struct public_key *keys; // owned: of every signer met so far
    size_t key_count, key_capacity;
    struct effect_write *writes; // owned; point into the file's memory
    size_t write_count, write_capacity;
};

static void add_key(struct import *import, const struct public_key *key)
{
    base_grow((void **)&import->keys, &import->key_capacity, import->key_count + 1, sizeof *import->keys);
    import->keys[import->key_count++] = *key;
}

static const struct public_key *find_key(const struct import *import, const struct node_id *signer)
{
    for (size_t i = 0; i < import->key_count; i++) {
        struct node_id id = node_id_of(&import->keys[i]);
        if (node_id_equal(&id, signer))
            return &import->keys[i];
    }
    return NULL;
}

// Genesis names the key that signed it.
static bool learn_roots(struct import *import, const struct envelope *envelope, struct arena *arena)
{
    struct genesis genesis;
    if (genesis_decode(envelope->body, arena, &genesis))
        return false;
    for (size_t i = 0; i < genesis.root_key_count; i++)
        add_key(import, &genesis.root_keys[i]);
    return true;
}

// Whom a verified record vouches for.
static bool learn(struct import *import, const struct envelope *envelope, struct arena *arena)
{
    struct authority_entry entry;
    struct admission admission;
    struct node_record node;
    switch (envelope->kind) {
    case ENVELOPE_AUTHORITY:
        if (authority_entry_decode(envelope->body, arena, &entry))
            return false;
        if (entry.change == AUTHORITY_OPERATOR)
            add_key(import, &entry.operator_.key);
        return true;
    case ENVELOPE_ADMISSION:
        if (admission_decode(envelope->body, arena, &admission))
            return false;
        add_key(import, &admission.node_key);
        return true;
    case ENVELOPE_NODE:
        if (node_record_decode(envelope->body, arena, &node))
            return false;
        add_key(import, &node.node_key);
        return true;
    default:
        return true;
    }
}

static void add_write(struct import *import, const struct effect_write *write)
{
    base_grow((void **)&import->writes, &import->write_capacity, import->write_count + 1,
              sizeof *import->writes);
    import->writes[import->write_count++] = *write;
}

static void keep_record(struct import *import, const struct envelope *envelope, const struct record_id *id)
{
    struct effect_write write = {
        .kind = EFFECT_WRITE_RECORD,
        .class = EFFECT_WRITE_MUST,
        .record = id->hash,
        .record_kind = envelope->kind,
        .signer = envelope->signer,
        .envelope = envelope->whole,
    };
    add_write(import, &write);
}

// Under the name by which the core keeps the members it has met.
static void keep_member(struct import *import, const struct envelope *envelope)
{
    static const char prefix[] = "member/";
    char *key = base_alloc(sizeof prefix + 2 * sizeof envelope->signer.b, 1);
    memcpy(key, prefix, sizeof prefix);
    hex_encode(envelope->signer.b, sizeof envelope->signer.b, key + sizeof prefix - 1);
    struct effect_write write = {
        .kind = EFFECT_WRITE_META,
        .class = EFFECT_WRITE_MUST,
        .key = key, // freed with the import
        .value = envelope->whole,
    };
    add_write(import, &write);
}

enum taken { TAKEN, UNKNOWN_SIGNER, REFUSED };

static enum taken take_record(struct import *import, const struct envelope *envelope)
{
    static const struct fleet_id none;
    struct record_id id;
    struct arena arena = {0};
    arena_allow(&arena, envelope->body.size);
    bool is_genesis = envelope->kind == ENVELOPE_GENESIS;
    bool ok = !is_genesis || learn_roots(import, envelope, &arena);
    const struct public_key *key = find_key(import, &envelope->signer);
    ok = ok && key && envelope_verify(envelope, is_genesis ? &none : &import->fleet, key, &id) == 0 &&
         (!is_genesis || hash_equal(&id.hash, &import->fleet.hash)) && learn(import, envelope, &arena);
    if (ok && envelope->kind <= ENVELOPE_ORDER)
        keep_record(import, envelope, &id);
    else if (ok && envelope->kind == ENVELOPE_ALIVE)
        keep_member(import, envelope);
    arena_deinit(&arena);
    return ok ? TAKEN : key ? REFUSED : UNKNOWN_SIGNER;
}

// Goes round as long as a round makes more signers known. Who stays unknown is nobody's to vouch for.
static int take_known(struct import *import, struct envelope *envelopes, size_t count)
{
    size_t left = count, before;
    do {
        before = left;
        left = 0;
        for (size_t i = 0; i < before; i++) {
            enum taken taken = take_record(import, &envelopes[i]);
            if (taken == REFUSED)
                return IMPORT_DAMAGED;
            if (taken == UNKNOWN_SIGNER)
                envelopes[left++] = envelopes[i];
        }
    } while (left && left < before);
    return 0;
}

static int take_all(struct import *import, struct bytes file)
{
    struct envelope *envelopes = NULL;
    size_t count = 0, capacity = 0;
    struct reader reader;
    struct bytes whole;
    int outcome = 0;
    reader_init(&reader, file);
    while (!outcome && parcel_next(&reader, &whole)) {
        base_grow((void **)&envelopes, &capacity, count + 1, sizeof *envelopes);
        if (envelope_parse(whole, &envelopes[count++]))
            outcome = IMPORT_DAMAGED;
    }
    if (reader.failed)
        outcome = IMPORT_DAMAGED;
    if (!outcome)
        outcome = take_known(import, envelopes, count);
    free(envelopes);
    if (!outcome && store_write_now(import->store, import->writes, import->write_count))
        outcome = IMPORT_NOT_STORED;
    return outcome;
}

static void import_deinit(struct import *import)
{
    for (size_t i = 0; i < import->write_count; i++) {
        union {
            const char *borrowed;
            char *owned;
        } key = {.borrowed = import->writes[i].key};
        free(key.owned);
    }
    free(import->writes);
    free(import->keys);
}

// -1 with errno; ENOENT when there is none.
static int open_file(int directory, const char *name, size_t *ret_size)
{
    struct stat status;
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 || fstat(file, &status) == 0) {
        *ret_size = file < 0 ? 0 : (size_t)status.st_size;
        return file;
    }
    close(file);
    return -1;
}

static int read_file(int file, size_t size, struct buffer *out)
{
    uint8_t block[16384];
    ssize_t part = 0;
    while (out->size < size && (part = read(file, block, sizeof block)) > 0)
        buffer_add(out, block, (size_t)part);
    return part < 0 || out->size != size ? IMPORT_UNREADABLE : 0;
}

int import_take(int directory, const struct fleet_id *fleet, struct store *store)
{
    struct import import = {.fleet = *fleet, .store = store};
    struct buffer content = {0};
    size_t size;
    int file = open_file(directory, import_name, &size);
    if (file < 0)
        return errno == ENOENT ? 0 : IMPORT_UNREADABLE;
    int outcome = size > IMPORT_SIZE_MAX ? IMPORT_DAMAGED : read_file(file, size, &content);
    close(file);
    if (!outcome)
        outcome = take_all(&import, buffer_view(&content));
    if (!outcome && unlinkat(directory, import_name, 0))
        outcome = IMPORT_UNREADABLE;
    import_deinit(&import);
    buffer_deinit(&content);
    return outcome;
}

const char *import_outcome_text(int outcome)
{
    switch (outcome) {
    case 0:
        return "taken in";
    case IMPORT_DAMAGED:
        return "DIR/net/import is damaged: remove it and join the fleet again";
    case IMPORT_NOT_STORED:
        return "DIR/net/import cannot be stored: make room on the disk";
    default:
        return "DIR/net/import cannot be read";
    }
}

size_t import_seeds(int directory, struct address *ret_seeds, size_t room)
{
    char line[ADDRESS_TEXT_ROOM + 2];
    size_t count = 0;
    int file = openat(directory, seeds_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    FILE *lines = file < 0 ? NULL : fdopen(file, "r");
    if (!lines)
        return 0;
    while (count < room && fgets(line, sizeof line, lines)) {
        line[strcspn(line, "\r\n")] = '\0';
        count += address_parse(line, DEFAULT_PORT, &ret_seeds[count]);
    }
    fclose(lines);
    return count;
}
