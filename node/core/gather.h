// gather.h - puts claims, results and verdicts together, one row per due time, for people to read.
//
// Rows come in any order, from this disk and from other nodes, the same one more than once. A due
// time's row shows the attempt that decides its outcome: the one that ended best, else the latest.
#ifndef NODE_CORE_GATHER_H
#define NODE_CORE_GATHER_H

#include "node/core/event.h"
#include "node/core/ledger/known.h"
#include "node/core/trigger/due.h"

struct gather_run {
    struct run_id run;
    uint32_t attempt;
    struct node_id owner; // zero: its claim is not here
    struct node_id executor;
    int64_t claimed_ms, started_ms, ended_ms;
    enum ledger_status status; // open: no result here
    char *reason;              // owned; NULL: none
    int32_t exit_code, signal;
    uint64_t output_bytes;
    bool is_live;                           // this machine runs it now
    uint64_t claim_holders, result_holders; // bit i: gather.sources[i] has it
};

struct gather_due {
    char job[NAME_JOB_ROOM];
    uint64_t life;
    struct known_key key;
    struct gather_run *runs; // owned, by attempt, then run id
    size_t run_count, run_capacity;
    enum ledger_status verdict; // open: none
    char *reason;               // owned; of the verdict
    struct node_id judge;
    int64_t last_due_ms; // of a stretch
    uint64_t count;      // due times in the stretch; 1: a single one
    int64_t at_ms;
    uint64_t verdict_holders; // bit i: gather.sources[i] has it
};

enum { GATHER_SOURCE_MAX = 64 };

struct gather {
    struct gather_due *items; // owned; sorted by gather_sort only
    size_t count, capacity;
    struct node_id sources[GATHER_SOURCE_MAX]; // whose disks the rows are from
    size_t source_count;
};

void gather_deinit(struct gather *gather);
// Claims, results and verdicts; others are ignored. `source` has the row on its disk.
void gather_row(struct gather *gather, const struct event_row *row, const struct node_id *source);
// Several nodes may have judged the same stretch of due times, or part of it ran elsewhere: afterwards
// each due time is told once. Single ones take the verdict of the stretch they lay in; the stretch is
// parted around them. find_trigger: what the due times of a stretch are; NULL: evenly spaced.
typedef const struct due *gather_find_trigger(const void *context, const struct gather_due *stretch);
void gather_part(struct gather *gather, gather_find_trigger *find_trigger, const void *context);
// Makes one stretch of neighbours that did not run for the same reason (gather_join.c). They are told without
// the claims they had.
void gather_join(struct gather *gather, gather_find_trigger *find_trigger, const void *context);
void gather_sort(struct gather *gather); // newest due time first
// The attempt that decides; NULL when there is none (a verdict only).
const struct gather_run *gather_deciding_run(const struct gather_due *due);
enum ledger_status gather_status(const struct gather_due *due);
int64_t gather_time_ms(const struct gather_due *due); // its due time, or when its order came
// On whose disks, of those that were asked, is what decides the due time: bit i is gather.sources[i].
uint64_t gather_holders(const struct gather_due *due);
uint32_t gather_copy_count(const struct gather_due *due);
// Attempts that ran to an end, or run, beyond the first of them.
size_t gather_duplicate_count(const struct gather_due *due);

#endif
