// `init`: a fleet of one. The keys of its person go to the keystore, those of the node into DIR; nothing
// secret of the one is ever written beside the other.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crdt/scope.h"
#include "node/cli/birth.h"
#include "node/cli/commands.h"
#include "node/cli/document.h"
#include "node/cli/keystore.h"
#include "node/cli/node_options.h"
#include "node/cli/passphrase.h"
#include "node/cli/person.h"
#include "node/cli/place.h"
#include "node/cli/print.h"
#include "node/io/clock.h"
#include "proto/parcel.h"

enum {
    WEIGHT_USUAL = 100,
};

struct making {
    char node_name[NAME_ROOM];
    char fleet_name[NAME_ROOM];
    struct labels labels;
    struct arena arena; // of the labels
    char *passphrase;   // NULL: keys are not sealed
    struct keystore_key root, operator_;
    struct agent_keys node;
    struct fleet_id fleet;
    struct buffer genesis, authority, node_record, node_keys; // envelopes
    char *keys;                                               // the person's directory
};

static void forget(struct making *making)
{
    passphrase_wipe(making->passphrase);
    keystore_wipe(&making->root);
    keystore_wipe(&making->operator_);
    agent_keys_wipe(&making->node);
    arena_deinit(&making->arena);
    buffer_deinit(&making->genesis);
    buffer_deinit(&making->authority);
    buffer_deinit(&making->node_record);
    buffer_deinit(&making->node_keys);
    free(making->keys);
}

// ---- what was asked for ----

static int read_options(const struct command_line *line, struct making *making)
{
    node_options_host_name(making->node_name);
    int status = node_options_name(line, "name", making->node_name);
    memcpy(making->fleet_name, making->node_name, NAME_ROOM);
    if (status == COMMAND_DONE)
        status = node_options_name(line, "fleet", making->fleet_name);
    if (status == COMMAND_DONE)
        status = node_options_labels(line, &making->arena, &making->labels);
    if (status == COMMAND_DONE && command_line_has(line, "passphrase"))
        status = passphrase_ask(true, &making->passphrase);
    return status;
}

// ---- keys and records ----

static void sign(const struct keystore_key *key, enum envelope_kind kind, struct buffer *body,
                 struct buffer *out, struct record_id *ret_id)
{
    struct envelope_signer signer = keystore_signer(key);
    *ret_id = envelope_sign(&signer, kind, buffer_view(body), out);
    sodium_memzero(&signer, sizeof signer);
    buffer_deinit(body);
}

static void make_genesis(struct making *making)
{
    struct genesis genesis = {.root_keys = &making->root.public_key, .root_key_count = 1, .threshold = 1};
    struct buffer body = {0};
    struct record_id id;
    clock_entropy(genesis.random, sizeof genesis.random);
    memcpy(genesis.name, making->fleet_name, NAME_ROOM);
    genesis_encode(&genesis, &body);
    sign(&making->root, ENVELOPE_GENESIS, &body, &making->genesis, &id);
    making->fleet.hash = id.hash;
    making->root.fleet = making->operator_.fleet = making->node.fleet = making->fleet;
}

// Entry 1: the first operator, who may do everything.
static void make_authority(struct making *making)
{
    static const char *const ALL[] = {"*"};
    struct authority_entry entry = {
        .number = 1,
        .previous = making->fleet.hash,
        .change = AUTHORITY_OPERATOR,
        .operator_ = {.key = making->operator_.public_key,
                      .scope = {.namespaces = ALL,
                                .namespace_count = 1,
                                .actions = ALL,
                                .action_count = 1,
                                .users = ALL,
                                .user_count = 1}},
    };
    struct buffer body = {0};
    struct record_id id;
    memcpy(entry.operator_.name, making->operator_.name, NAME_ROOM);
    authority_entry_encode(&entry, &body);
    sign(&making->root, ENVELOPE_AUTHORITY, &body, &making->authority, &id);
}

static struct record_id make_node_record(struct making *making)
{
    struct node_record record = {
        .node_key = agent_keys_node_key(&making->node),
        .labels = making->labels,
        .weight = WEIGHT_USUAL,
        .serial = 1,
        .authority_number = 1,
    };
    struct buffer body = {0};
    struct record_id id;
    clock_entropy(record.salt, sizeof record.salt);
    memcpy(record.name, making->node_name, NAME_ROOM);
    node_record_encode(&record, &body);
    sign(&making->operator_, ENVELOPE_NODE, &body, &making->node_record, &id);
    return id;
}

static void make_all(struct making *making)
{
    const char *login = place_login();
    keystore_generate(KEYSTORE_ROOT, "root", &making->root);
    keystore_generate(KEYSTORE_OPERATOR, name_is_valid(bytes_of_text(login)) ? login : "operator",
                      &making->operator_);
    agent_keys_generate(&making->node);
    make_genesis(making);
    make_authority(making);
    struct record_id node_record = make_node_record(making);
    birth_sign_keys(&making->node, &node_record, &making->node_keys);
}

// ---- to disk ----

static int save_person(struct making *making)
{
    char *root = keystore_path(making->keys, KEYSTORE_ROOT_FILE);
    char *operator_ = keystore_path(making->keys, KEYSTORE_OPERATOR_FILE);
    int status = keystore_create(making->keys);
    if (status == COMMAND_DONE)
        status = keystore_save(root, &making->root, making->passphrase);
    if (status == COMMAND_DONE)
        status = keystore_save(operator_, &making->operator_, making->passphrase);
    free(root);
    free(operator_);
    return status;
}

static int save_node(const struct agent_dir *dir, struct making *making)
{
    const struct buffer *records[] = {&making->genesis, &making->authority, &making->node_record,
                                      &making->node_keys};
    struct bytes authority = buffer_view(&making->authority), node = buffer_view(&making->node_record);
    struct buffer parcel = {0};
    for (size_t i = 0; i < COUNT_OF(records); i++)
        parcel_add(&parcel, buffer_view(records[i]));
    struct birth birth = {
        .keys = &making->node,
        .records = buffer_view(&parcel),
        .runner = {.pin = {.fleet = making->fleet, .node_key = agent_keys_node_key(&making->node)},
                   .genesis = buffer_view(&making->genesis),
                   .authority = &authority,
                   .authority_count = 1,
                   .node = &node,
                   .node_count = 1},
    };
    memcpy(birth.runner.pin.node_name, making->node_name, NAME_ROOM);
    int status = birth_save(dir, &birth);
    buffer_deinit(&parcel);
    return status;
}

// ---- what was made ----

static void print_made(const struct command_line *line, const struct making *making, const char *directory)
{
    char fleet[2 * HASH_SIZE + 1];
    hex_encode(making->fleet.hash.b, HASH_SIZE, fleet);
    if (command_line_has(line, "json")) {
        struct public_key key = agent_keys_node_key(&making->node);
        struct node_id id = node_id_of(&key);
        document_print(json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "fleet", fleet, "fleet_name",
                                 making->fleet_name, "node", making->node_name, "id",
                                 document_hex(&id, sizeof id), "dir", document_text(directory), "keys",
                                 document_text(making->keys)));
        return;
    }
    print_line("made fleet %s (%.16s) with this machine as node %s", making->fleet_name, fleet,
               making->node_name);
    print_line("your keys  %s/%s and %s", making->keys, KEYSTORE_OPERATOR_FILE, KEYSTORE_ROOT_FILE);
    print_line("           move %s off this machine, to a place you will find again: only changes of "
               "operators need it",
               KEYSTORE_ROOT_FILE);
    print_line("next       katydid agent%s%s", command_line_has(line, "dir") ? " --dir " : "",
               command_line_has(line, "dir") ? directory : "");
    print_line("           katydid add hello --every 1m%s --shell \"echo hello\"",
               person_user() ? "" : " --user root");
}

static int make_and_save(const struct command_line *line, struct making *making, const struct agent_dir *dir)
{
    make_all(making);
    making->keys = place_keys(line, &making->fleet);
    int status = save_person(making);
    if (status == COMMAND_DONE)
        status = save_node(dir, making);
    if (status == COMMAND_DONE)
        print_made(line, making, dir->path);
    return status;
}

int commands_init(const struct command_line *line)
{
    struct making making = {0};
    struct agent_dir dir;
    int status = read_options(line, &making);
    if (status == COMMAND_DONE) {
        char *path = place_dir(line);
        status =
            agent_dir_create(&dir, path) ? print_failure("%s", dir.why) : make_and_save(line, &making, &dir);
        agent_dir_close(&dir);
        free(path);
    }
    forget(&making);
    return status;
}
