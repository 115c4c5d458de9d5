// rate.h - how often jobs were started within the last hour by what only the network process has seen.
//
// A ring in memory; each occurrence counts once, however often it is tried. When it is full the oldest start
// is forgotten: many jobs together are bounded by the starts per second of check.h.
#ifndef NODE_IO_RUNNER_RATE_H
#define NODE_IO_RUNNER_RATE_H

#include "proto/ids.h"

enum {
    RATE_PER_HOUR = 60,
    RATE_COUNT_MAX = 1024,
};

struct rate_start {
    struct hash job, cause;
    uint64_t at_ms; // monotonic
};

struct rate {
    struct rate_start *starts; // owned; NULL until the first
    size_t count, next;
};

void rate_deinit(struct rate *rate); // safe on a zeroed one
// False: the job was started too often within the hour before now_ms.
bool rate_allows(const struct rate *rate, const struct hash *job, const struct hash *cause, uint64_t now_ms);
void rate_add(struct rate *rate, const struct hash *job, const struct hash *cause, uint64_t now_ms);

#endif
