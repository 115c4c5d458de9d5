// directory_node.h - one node of the fleet, and which of the records about it is in force.
#ifndef CRDT_DIRECTORY_NODE_H
#define CRDT_DIRECTORY_NODE_H

#include "crdt/authority_log.h"
#include "crdt/directory_record.h"

struct directory_node {
    struct tree_node by_id; // first
    struct node_id id;
    struct public_key key;
    const char *name;
    struct labels labels;
    uint8_t salt[16];
    uint32_t weight;
    const char *const *roles;
    size_t role_count;
    uint64_t serial;         // of the node record in force; 0: an admission is
    struct record_id record; // the admission or node record in force
    bool has_keys;           // the next four only then
    struct public_key datagram_key;
    uint64_t keys_serial;
    struct record_id keys_record;
    const char *version; // of the software
    bool is_revoked;
    uint64_t revoked_stamp;
    struct directory_record *records; // admissions and node records that hold, by (serial, id)
    struct directory_record *keys;    // NULL: none
};

void directory_node_add(struct directory_node *node, struct directory_record *record);
void directory_node_remove(struct directory_node *node, struct directory_record *record);
// The live admission or node record of this node with this id, or NULL.
const struct directory_record *directory_node_find_record(const struct directory_node *node,
                                                          const struct hash *id);
// Works out everything but id and key from the records. The node must have one beside its keys.
void directory_node_settle(struct directory_node *node, const struct authority_log *log);
int directory_node_compare(const struct tree_node *node, const void *id);

#endif
