// log.h - what a run says, cut into segments, chained by hash, signed, and bounded.
//
// Kept are the head and the tail; the middle is counted and dropped. The head goes to disk as it
// comes. The rest goes to disk each second while the whole still fits; once it does not, the tail
// waits in memory until the run ends, so that a flood costs neither memory nor flash. A reader sees
// what was dropped as a jump of `offset`.
#ifndef NODE_CORE_LOG_H
#define NODE_CORE_LOG_H

#include "proto/ledger.h"

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
};

void log_init(struct log *log, const struct run_id *run, const char *job, uint64_t limit_bytes);
void log_deinit(struct log *log);
// The run was found running: what it says goes on behind what an earlier process wrote, which is read
// from the disk first. Until then nothing is written and offsets count from the adoption.
void log_resume(struct core *core, struct log *log);
void log_resume_row(struct log *log, const struct ledger_segment *segment);
void log_resume_done(struct core *core, struct log *log, bool more);
void log_add(struct core *core, struct log *log, uint8_t stream, struct bytes data);
void log_tick(struct core *core, struct log *log);   // now and then while something waits
void log_finish(struct core *core, struct log *log); // the run is over: all that is kept goes to disk
bool log_is_waiting(const struct log *log);          // something would be written by log_tick

#endif
