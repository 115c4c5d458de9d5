#include "tests/unit/support_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void support_import_add(struct support_import *import, struct bytes envelope)
{
    buffer_add_u32(&import->file, (uint32_t)envelope.size);
    buffer_add(&import->file, envelope.data, envelope.size);
    import->record_count += envelope.data[0] <= ENVELOPE_ORDER;
}

static struct record_id sign(struct support_import *import, const struct envelope_signer *signer,
                             enum envelope_kind kind, struct buffer *body)
{
    struct buffer envelope = {0};
    struct record_id id = envelope_sign(signer, kind, buffer_view(body), &envelope);
    support_import_add(import, buffer_view(&envelope));
    buffer_deinit(&envelope);
    buffer_deinit(body);
    return id;
}

static void add_node(struct support_import *import)
{
    struct buffer body = {0};
    struct node_record record = {.node_key = import->node.key, .name = "here", .weight = 100, .serial = 1};
    record.authority_number = 1;
    node_record_encode(&record, &body);
    struct record_id id = sign(import, &import->alice, ENVELOPE_NODE, &body);
    struct node_keys keys = {.datagram_key = agent_keys_datagram_key(&import->keys), .serial = 1};
    keys.admission = id.hash;
    snprintf(keys.version, sizeof keys.version, "test");
    node_keys_encode(&keys, &body);
    sign(import, &import->node, ENVELOPE_KEYS, &body);
}

void support_import_init(struct support_import *import)
{
    struct buffer entry = {0};
    struct scope scope = support_scope_all();
    *import = (struct support_import){0};
    support_trust_init(&import->trust);
    support_import_add(import, buffer_view(&import->trust.genesis));
    support_trust_entry(&import->trust, support_operator(SUPPORT_ALICE, &scope), &entry);
    support_import_add(import, buffer_view(&entry));
    buffer_deinit(&entry);
    memset(import->keys.signing_seed, 5, sizeof import->keys.signing_seed);
    memset(import->keys.datagram_secret, 6, sizeof import->keys.datagram_secret);
    import->keys.fleet = import->trust.fleet;
    import->node = agent_keys_signer(&import->keys);
    import->alice = support_signer(&import->trust.fleet, SUPPORT_ALICE);
    add_node(import);
}

void support_import_deinit(struct support_import *import)
{
    support_trust_deinit(&import->trust);
    buffer_deinit(&import->file);
}

void support_import_add_alive(struct support_import *import, const char *address)
{
    struct buffer body = {0};
    struct address reached;
    if (!address_parse(address, 0, &reached))
        abort();
    struct member_alive alive = {
        .generation = 1,
        .incarnation = 1,
        .addresses = &reached,
        .address_count = 1,
        .probe_interval_ms = 1000,
        .version = "test",
    };
    member_alive_encode(&alive, &body);
    sign(import, &import->node, ENVELOPE_ALIVE, &body);
}

void support_import_add_definition(struct support_import *import, const char *name)
{
    struct buffer envelope = {0};
    struct definition definition = support_definition(name);
    support_sign_definition(&import->alice, &definition, &envelope);
    support_import_add(import, buffer_view(&envelope));
    buffer_deinit(&envelope);
}

void support_import_save(const struct support_import *import, const char *directory)
{
    char path[512];
    snprintf(path, sizeof path, "%s/import", directory);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(import->file.data, 1, import->file.size, file) != import->file.size || fclose(file))
        abort();
}
