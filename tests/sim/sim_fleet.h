// sim_fleet.h - a fleet that has met already: genesis, one operator who may do everything, N nodes with keys.
//
// Every node has these records on its disk, so a story can begin without a join. Node i is called
// "n1", "n2" ... and carries the label number=1, 2 ... and all=yes.
#ifndef TESTS_SIM_SIM_FLEET_H
#define TESTS_SIM_SIM_FLEET_H

#include "proto/address.h"
#include "proto/dh.h"
#include "proto/envelope.h"
#include "proto/name.h"

struct sim_identity { // of one node
    char name[NAME_ROOM];
    struct envelope_signer signer;
    struct node_id id;
    struct dh_secret datagram_secret;
    struct address address;
};

struct sim_record {         // one signed record
    struct buffer envelope; // owned
    struct record_id id;
};

struct sim_fleet {
    struct fleet_id id;
    struct envelope_signer root, operator_;
    struct sim_identity *identities; // owned
    size_t node_count;
    size_t first_late;          // nodes from here on join later
    struct sim_record *records; // owned; in the order in which a node can take them
    size_t record_count;
};

enum { SIM_FLEET_NODE_RECORDS = 2 }; // its admission and its keys

// One of the records of a node.
const struct sim_record *sim_fleet_record_of(const struct sim_fleet *fleet, size_t node, size_t which);
// Nodes from this one on are not of the fleet yet: nobody has their records but they themselves.
void sim_fleet_make_late(struct sim_fleet *fleet, size_t first_late);
// Does a record of the fleet lie on the disk of this node from the beginning?
bool sim_fleet_is_known(const struct sim_fleet *fleet, size_t record, size_t node);

struct sim_fleet *sim_fleet_new(size_t node_count) WARN_UNUSED;
void sim_fleet_free(struct sim_fleet *fleet);

#endif
