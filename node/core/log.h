// log.h - what a run says, cut into segments, chained by hash, signed, and bounded.
//
// Kept are the head and the tail; the middle is counted and dropped. The head goes to disk as it
// comes. The rest goes to disk each second while the whole still fits; once it does not, the tail
// waits in memory until the run ends, so that a flood costs neither memory nor flash. A reader sees
// what was dropped as a jump of `offset`.
//
// What goes to disk stays in the pipes of the run until it is durable (FRAME_KEPT), so a new network process
// loses nothing and doubles nothing. What waits for the end in memory leaves them at once, for the job must
// go on; if this process dies then, that part of the middle or tail is counted as dropped.
#ifndef NODE_CORE_LOG_H
#define NODE_CORE_LOG_H

#include "node/core/event.h"

struct core;

enum {
    LOG_FLUSH_MS = 1000,
    LOG_PAGE_COUNT = 64,          // segments read at once to resume a log
    LOG_RECORD_SEGMENT_COUNT = 3, // segments signed together: fits LIMIT_RECORD_SIZE_MAX
};

struct log_part; // a segment in memory

struct log {
    struct run_id run;
    char job[NAME_JOB_ROOM];
    uint64_t limit_bytes;
    uint64_t offset;                // bytes the run has said
    uint64_t written_bytes;         // kept on disk
    uint64_t waiting_bytes;         // kept in memory
    struct hash last;               // of the last segment written; zero: none
    uint32_t index;                 // of the next segment
    struct log_part *first, *final; // owned, waiting
    uint64_t flushed_ms;            // monotonic
    int64_t opened_ms;              // wall, when the last part was begun
    uint64_t query;                 // under way: what an earlier process of this node wrote; 0: none
    uint64_t resumed_bytes;         // where that ends
    uint64_t heard[2];              // positions in stdout and stderr: what was given to log_add
    uint64_t flushed[2];            // what is on disk once `ticket` is settled
    uint64_t ticket;
    uint64_t told[2];    // what the runner was told to take out of the pipes
    uint64_t resumed[2]; // what an earlier process wrote
};

void log_init(struct log *log, const struct run_id *run, const char *job, uint64_t limit_bytes);
void log_deinit(struct log *log);
// The run was found running: what it says goes on behind what an earlier process wrote, which is read
// from the disk first. Until then nothing is written and offsets count from the adoption. taken: how much of
// each stream is out of the pipes; what is still in them is heard again, though some of it may be on disk.
void log_resume(struct core *core, struct log *log, const uint64_t taken[2]);
void log_resume_row(struct log *log, const struct ledger_segment *segment);
void log_resume_done(struct core *core, struct log *log, bool more);
void log_add(struct core *core, struct log *log, const struct event_output *output);
void log_tick(struct core *core, struct log *log);   // now and then while something waits
void log_finish(struct core *core, struct log *log); // the run is over: all that is kept goes to disk
bool log_is_waiting(const struct log *log);          // something would be written by log_tick
// Tells the runner what need not stay in the pipes, if it is at least so many bytes more than it knows of.
void log_release(struct core *core, struct log *log, uint64_t least_bytes);
bool log_has_kept(const struct core *core, const struct log *log); // there is something to tell it

#endif
