// directory_record.h - one signed record about nodes: an invite, an admission, a node's keys, a node record.
#ifndef CRDT_DIRECTORY_RECORD_H
#define CRDT_DIRECTORY_RECORD_H

#include "crdt/tree.h"
#include "proto/authority.h"
#include "proto/envelope.h"

struct directory_record {
    struct tree_node by_id; // first, so that the node is the record
    struct record_id id;
    struct tree_node by_use;               // admission
    const struct directory_record *invite; // admission that holds: where its labels come from
    struct directory_record *next;         // of its node
    struct arena arena;                    // what the decoded body points into
    union {
        struct invite invite;
        struct admission admission;
        struct node_keys keys;
        struct node_record node;
    } body;
    uint64_t stamp; // for the order of repair: what others rest on comes first
    struct node_id signer;
    struct node_id subject; // the node it is about; zero for an invite
    uint32_t size;          // of the envelope
    uint8_t kind;           // enum envelope_kind
    bool is_live;           // holds under the present authority log; others wait or were superseded
    uint8_t envelope[];     // as it came
};

// Decodes a verified envelope of kind 10 to 13; NULL when malformed.
struct directory_record *directory_record_new(const struct record_id *id, const struct envelope *envelope);
void directory_record_free(struct directory_record *record);
struct bytes directory_record_bytes(const struct directory_record *record);
int directory_record_compare(const struct tree_node *node, const void *id);
// Of nodes embedded as by_use, with an admission as the key: by invite, then use.
int directory_record_compare_use(const struct tree_node *node, const void *admission);
struct directory_record *directory_record_of_use(struct tree_node *node); // NULL stays NULL

// Whether an invite lets a node have this name.
bool directory_record_allows_name(const struct invite *invite, const char *name);
// By serial, then record id.
int directory_record_order_of(const struct directory_record *a, const struct directory_record *b);

#endif
