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
    LOG_RECORD_SEGMENT_COUNT = 3, // segments signed together: fits LIMIT_RECORD_SIZE_MAX
};

struct log_part; // a segment in memory

struct log {
    struct run_id run;
    char job[NAME_JOB_ROOM];
    uint64_t limit_bytes;
    uint64_t offset;        // bytes the run has said
    uint64_t written_bytes; // kept on disk
    uint64_t waiting_bytes; // kept in memory
    struct hash last;       // of the last segment written; zero: none
    uint32_t index;         // of the next segment
    struct log_part *first, *final; // owned, waiting
    int64_t opened_ms;      // wall, when the last part was begun
};

void log_init(struct log *log, const struct run_id *run, const char *job, uint64_t limit_bytes);
void log_deinit(struct log *log);
void log_add(struct core *core, struct log *log, uint8_t stream, struct bytes data);
void log_tick(struct core *core, struct log *log);   // each LOG_FLUSH_MS while something waits
void log_finish(struct core *core, struct log *log); // the run is over: all that is kept goes to disk
bool log_is_waiting(const struct log *log);          // something would be written by log_tick

#endif
