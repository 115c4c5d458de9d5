// sim_disk.h - a node's disk: the store's own writing and answering, over a database in memory, with delays.
//
// What a core writes gathers while the disk is busy; then all of it becomes durable together, and the
// questions that wait are answered: as node/io/store does with one thread. When the process ends, the
// writes under way are on the disk or not, all or none; what had not begun is lost.
#ifndef TESTS_SIM_SIM_DISK_H
#define TESTS_SIM_SIM_DISK_H

#include "node/core/effect.h"
#include "node/io/store/database.h"
#include "node/io/store/request.h"

struct sim;
struct sim_node;

struct sim_disk {
    struct sim_node *node;
    struct database database;
    uint64_t min_ms, max_ms; // how long a commit takes
    struct request_list gathered, under_way;
    struct request_list waiting; // writes that must be kept, while the disk is full
    uint64_t waiting_bytes;
    bool has_fleet; // the records the fleet began with
    bool is_busy, is_loading;
    bool is_late;             // something was to happen while the process was stopped
    uint64_t number;          // of the work that counts
    enum event_storage state; // as this process knows it
    bool is_full, is_broken;  // what the story says
    uint64_t ballast_bytes;
};

void sim_disk_init(struct sim_disk *disk, struct sim_node *node);
void sim_disk_deinit(struct sim_disk *disk);

void sim_disk_attach(struct sim_disk *disk); // the first time the fleet's records are there already; a
                                             // network process starts: it reads everything
void sim_disk_detach(struct sim_disk *disk); // it ended
void sim_disk_thaw(struct sim_disk *disk);

void sim_disk_write(struct sim_disk *disk, const struct effect_write *write);
void sim_disk_query(struct sim_disk *disk, const struct effect_query *query);

void sim_disk_fill(struct sim_disk *disk, bool is_full);
void sim_disk_break(
    struct sim_disk *disk); // from now on nothing written is kept; a new process may try again
void sim_disk_mend(struct sim_disk *disk);

#endif
