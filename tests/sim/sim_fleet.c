#include "tests/sim/sim_fleet.h"

#include "proto/authority.h"
#include "tests/unit/support_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRUST_RECORDS = 2, FIRST_NODE_SEED = 10, PORT = 5289 };

static struct record_id sign(struct sim_fleet *fleet, const struct envelope_signer *signer,
                             enum envelope_kind kind, struct buffer *body)
{
    struct sim_record *record = &fleet->records[fleet->record_count++];
    record->id = envelope_sign(signer, kind, buffer_view(body), &record->envelope);
    buffer_deinit(body);
    return record->id;
}

static void sign_trust(struct sim_fleet *fleet)
{
    struct support_fleet made;
    support_fleet_init(&made);
    fleet->id = made.id;
    fleet->root = made.root;
    fleet->operator_ = made.operator_;
    const struct buffer *records[] = {&made.genesis, &made.entry};
    const struct record_id ids[] = {{made.id.hash}, made.entry_id};
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        struct sim_record *record = &fleet->records[fleet->record_count++];
        buffer_add(&record->envelope, records[i]->data, records[i]->size);
        record->id = ids[i];
    }
    support_fleet_deinit(&made);
}

static void make_identity(struct sim_fleet *fleet, size_t index)
{
    struct sim_identity *identity = &fleet->identities[index];
    struct hasher hasher;
    snprintf(identity->name, sizeof identity->name, "n%zu", index + 1);
    identity->signer = support_signer(&fleet->id, (uint8_t)(FIRST_NODE_SEED + index));
    identity->id = node_id_of(&identity->signer.key);
    hasher_start(&hasher, "sim datagram secret");
    hasher_add_u64(&hasher, index);
    struct hash secret = hasher_finish(&hasher);
    memcpy(identity->datagram_secret.b, secret.b, sizeof identity->datagram_secret.b);
    identity->address = (struct address){.ip = {10, 0, 0, (uint8_t)(index + 1)}, .ip_size = 4, .port = PORT};
}

static void sign_node(struct sim_fleet *fleet, size_t index)
{
    const struct sim_identity *identity = &fleet->identities[index];
    struct label labels[] = {{"all", "yes"}, {"number", ""}};
    snprintf(labels[1].value, sizeof labels[1].value, "%zu", index + 1);
    struct node_record record = {.node_key = identity->signer.key,
                                 .labels = {labels, COUNT_OF(labels)},
                                 .weight = 100,
                                 .serial = 1,
                                 .authority_number = 1};
    memcpy(record.name, identity->name, sizeof record.name);
    memset(record.salt, (int)(index + 1), sizeof record.salt);
    struct buffer body = {0};
    node_record_encode(&record, &body);
    struct record_id admission = sign(fleet, &fleet->operator_, ENVELOPE_NODE, &body);
    struct node_keys keys = {.datagram_key = dh_public_of(&identity->datagram_secret),
                             .serial = 1,
                             .admission = admission.hash,
                             .version = "0.1.0"};
    node_keys_encode(&keys, &body);
    sign(fleet, &identity->signer, ENVELOPE_KEYS, &body);
}

struct sim_fleet *sim_fleet_new(size_t node_count)
{
    assert(node_count >= 1 && node_count <= 200);
    struct sim_fleet *fleet = base_alloc(1, sizeof *fleet);
    fleet->node_count = fleet->first_late = node_count;
    fleet->identities = base_alloc(node_count, sizeof *fleet->identities);
    fleet->records = base_alloc(TRUST_RECORDS + SIM_FLEET_NODE_RECORDS * node_count, sizeof *fleet->records);
    sign_trust(fleet);
    for (size_t i = 0; i < node_count; i++)
        make_identity(fleet, i);
    for (size_t i = 0; i < node_count; i++)
        sign_node(fleet, i);
    return fleet;
}

const struct sim_record *sim_fleet_record_of(const struct sim_fleet *fleet, size_t node, size_t which)
{
    return &fleet->records[TRUST_RECORDS + SIM_FLEET_NODE_RECORDS * node + which];
}

void sim_fleet_make_late(struct sim_fleet *fleet, size_t first_late)
{
    fleet->first_late = first_late;
}

bool sim_fleet_is_known(const struct sim_fleet *fleet, size_t record, size_t node)
{
    if (record < TRUST_RECORDS)
        return true;
    size_t of = (record - TRUST_RECORDS) / SIM_FLEET_NODE_RECORDS;
    return of < fleet->first_late || of == node;
}

void sim_fleet_free(struct sim_fleet *fleet)
{
    for (size_t i = 0; i < fleet->record_count; i++)
        buffer_deinit(&fleet->records[i].envelope);
    free(fleet->records);
    free(fleet->identities);
    free(fleet);
}
