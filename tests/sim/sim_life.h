// sim_life.h - inside a life made up from a seed (sim_world.h): its jobs, its people, its misfortunes, its
// end.
#ifndef TESTS_SIM_SIM_LIFE_H
#define TESTS_SIM_SIM_LIFE_H

#include "tests/sim/sim.h"
#include "tests/sim/sim_job.h"
#include "tests/sim/sim_node.h"
#include "tests/sim/sim_outcome.h"
#include "tests/sim/sim_person.h"
#include "tests/sim/sim_world.h"

enum {
    LIFE_NODES_MAX = 7,
    LIFE_JOBS_MAX = 6,
    LIFE_WORD_ROOM = 24,
    LIFE_MIN_MS = 120 * 1000, // of trouble
    LIFE_MAX_MS = 420 * 1000,
    LIFE_PEACE_MS = 90 * 1000, // until everything must be in order again
};

struct life_job {
    struct sim_job job;
    char name[8], node[NAME_ROOM];
    char words[SIM_JOB_WORD_MAX][LIFE_WORD_ROOM];
    char cron[LIFE_WORD_ROOM];
    struct sim_outcomes told; // what was last told in full; owned
};

struct life {
    struct sim *sim;
    unsigned troubles;
    uint64_t end_ms;
    bool is_over;
    unsigned cut_count; // at present
    size_t trouble_count;
    struct life_job jobs[LIFE_JOBS_MAX];
    size_t job_count;
    int64_t **due_times; // owned, as what they point to: of every cron job there was
    size_t due_times_count;
    size_t joined_count; // nodes before this index are of the fleet
    bool has_left[LIFE_NODES_MAX];
};

// sim_life_jobs.c
void life_make_job(struct life *life, size_t index);
void life_change_something(struct life *life); // a person does
void life_sign_something(struct life *life);   // somebody without the right to
void life_put(struct life *life, struct sim_record record);
struct sim_node *life_some_node(struct life *life); // of the fleet

// sim_life_trouble.c
void life_begin_troubles(struct life *life);
void life_drain_somebody(struct life *life);
void life_join_somebody(struct life *life);
void life_leave_somebody(struct life *life);
void life_make_peace(struct life *life);
bool life_is_member(const struct life *life, size_t node); // joined, and not left

// sim_life_check.c
void life_look(struct life *life);  // in between
void life_judge(struct life *life); // in the end

#endif
