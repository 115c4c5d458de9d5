// output.h - reads what jobs say, from the pipes that come with STARTED and RUNNING.
//
// One look per pipe and turn of the loop, at most OUTPUT_READ_SIZE bytes, handed on as EVENT_OUTPUT and
// never kept here. Nothing is taken out: tee(2) copies, so what is not on disk yet is still there for the
// next process if this one dies. The runner takes it out when the core says KEPT; from then (output_hold)
// until it has answered (output_taken) nobody looks, or the two would not count alike. While the disk lags
// behind (output_pause) nothing is read: the pipes fill and the jobs block, as they would on a slow terminal.
// When both pipes of a run are closed and all in them was told, EVENT_OUTPUT with `end` follows.
//
// The pipes are in an epoll set of their own, which is all the loop sees: a run then costs four system
// calls beside its looks. As handles of libuv they cost fourteen, and two turns of the loop to close. It is
// told of changes only (EPOLLET), for what was seen stays in the pipe.
#ifndef NODE_IO_OUTPUT_H
#define NODE_IO_OUTPUT_H

#include <uv.h>

#include "node/io/feed.h"

enum { OUTPUT_READ_SIZE = 64 * 1024, OUTPUT_SLOT_COUNT = 256 };

struct output_run;

struct output {
    struct feed *feed;
    uv_poll_t poll; // of the set of all pipes
    int set;
    struct output_run *runs[OUTPUT_SLOT_COUNT]; // owned; by the first byte of their ids, which are hashes
    size_t run_count;
    int copies[2];                // a pipe for copies of what is in others: read end, write end
    struct output_run *forgotten; // owned; while reading, for what epoll told of them may be at hand
    bool is_reading;
    bool is_paused;
    uint8_t *memory; // owned; of the read in progress
};

void output_open(struct output *output, uv_loop_t *loop, struct feed *feed);
// Takes the descriptors over: stdout and stderr, out of which so many bytes were taken. A run that is read
// already has its old ones closed.
void output_add(struct output *output, const struct run_id *run, const int descriptors[2],
                const uint64_t taken[2]);
// Whoever holds the pipes too is told to take something out. Unknown runs are fine, as for the next.
void output_hold(struct output *output, const struct run_id *run);
void output_taken(struct output *output, const struct run_id *run, const uint64_t taken[2]);
// Nobody wants to hear more of it: closes its pipes without a word. Unknown runs are fine.
void output_remove(struct output *output, const struct run_id *run);
void output_pause(struct output *output, bool paused);
size_t output_count(const struct output *output); // runs that still have an open pipe
void output_close(struct output *output);

#endif
