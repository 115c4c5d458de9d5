#include "crdt/directory_node.h"

#include "crdt/scope.h"

#include <string.h>

int directory_node_compare(const struct tree_node *node, const void *id)
{
    return memcmp(&((const struct directory_node *)(const void *)node)->id, id, sizeof(struct node_id));
}

void directory_node_add(struct directory_node *node, struct directory_record *record)
{
    if (record->kind == ENVELOPE_KEYS) {
        node->keys = record;
        return;
    }
    struct directory_record **link = &node->records;
    while (*link && directory_record_order_of(*link, record) < 0)
        link = &(*link)->next;
    record->next = *link;
    *link = record;
}

void directory_node_remove(struct directory_node *node, struct directory_record *record)
{
    if (node->keys == record) {
        node->keys = NULL;
        return;
    }
    struct directory_record **link = &node->records;
    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    record->next = NULL;
}

const struct directory_record *directory_node_find_record(const struct directory_node *node,
                                                          const struct hash *id)
{
    const struct directory_record *record = node->records;
    while (record && !hash_equal(&record->id.hash, id))
        record = record->next;
    return record;
}

static const struct directory_record *find_admission(const struct directory_node *node)
{
    const struct directory_record *named =
        node->keys ? directory_node_find_record(node, &node->keys->body.keys.admission) : NULL;
    if (named && named->kind == ENVELOPE_ADMISSION)
        return named;
    const struct directory_record *record = node->records; // admissions sort first, by id
    return record && record->kind == ENVELOPE_ADMISSION ? record : NULL;
}

// May the signer of this node record touch a node that has these labels?
static bool may_touch(const struct authority_log *log, const struct directory_record *record,
                      const struct labels *labels)
{
    const struct authority_log_operator *signer = authority_log_find_operator(log, &record->signer);
    const struct authority_log_grant *grant =
        signer ? authority_log_find_grant(signer, record->body.node.authority_number) : NULL;
    return grant && scope_has_node(&grant->scope, labels);
}

static void take_admission(struct directory_node *node, const struct directory_record *record)
{
    const struct admission *body = &record->body.admission;
    node->name = body->name;
    node->labels = record->invite->body.invite.labels;
    memcpy(node->salt, body->salt, sizeof node->salt);
    node->weight = body->weight;
    node->roles = NULL;
    node->role_count = 0;
    node->serial = 0;
    node->record = record->id;
}

static void take_node_record(struct directory_node *node, const struct directory_record *record)
{
    const struct node_record *body = &record->body.node;
    node->name = body->name;
    node->labels = body->labels;
    memcpy(node->salt, body->salt, sizeof node->salt);
    node->weight = body->weight;
    node->roles = body->roles;
    node->role_count = body->role_count;
    node->serial = body->serial;
    node->record = record->id;
}

// Node records in order of serial, each judged against the labels that stand before its serial; of equal
// serials that pass, the one with the higher id comes last and stays.
static void take_node_records(struct directory_node *node, const struct authority_log *log, bool has_labels)
{
    struct labels before = node->labels;
    bool has_before = has_labels;
    uint64_t serial = 0;
    for (const struct directory_record *record = node->records; record; record = record->next) {
        if (record->kind != ENVELOPE_NODE)
            continue;
        if (record->body.node.serial != serial) {
            before = node->labels;
            has_before = has_labels;
            serial = record->body.node.serial;
        }
        if (has_before && !may_touch(log, record, &before))
            continue;
        take_node_record(node, record);
        has_labels = true;
    }
}

static void take_keys(struct directory_node *node)
{
    node->has_keys = node->keys != NULL;
    if (!node->keys)
        return;
    const struct node_keys *keys = &node->keys->body.keys;
    node->datagram_key = keys->datagram_key;
    node->keys_serial = keys->serial;
    node->keys_record = node->keys->id;
    node->version = keys->version;
}

void directory_node_settle(struct directory_node *node, const struct authority_log *log)
{
    assert(node->records);
    const struct directory_record *admission = find_admission(node);
    const struct authority_log_revocation *revocation = authority_log_find_revocation(log, &node->id);
    node->labels = (struct labels){0};
    if (admission)
        take_admission(node, admission);
    take_node_records(node, log, admission != NULL);
    take_keys(node);
    node->is_revoked = revocation != NULL;
    node->revoked_stamp = revocation ? revocation->stamp : 0;
}
