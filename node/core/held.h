// held.h - what became of due times that come every few seconds: held for a moment, so that it is written as
// ranges.
//
//                    same job, in order                     block full, 10 s old, or wanted
//   end of a run ------------------------> held beside others ------------------------------> one result
//   skipped, ...                                                                               or verdict
//
// Of a trigger with a period below SCHEDULE_BLOCK_PERIOD_MS, ends with nothing to tell (`ok`, no output,
// first attempt) and verdicts are not signed one by one. They wait here for at most HELD_MS; then what
// adjoins is one item each. Whatever is eventful is written at once, and takes what is held of its job
// along. Nobody waits for what is held: a question, a `take` and everything that ends this node's being
// the owner has it written first.
//
// Nothing is lost by a crash meanwhile. The runner is told that an end was heard only when the end is
// durable, so it tells the next process again; and a due time whose verdict was held is still claimed.
// Should this machine go, the keepers know what was held (net/provisional.h).
#ifndef NODE_CORE_HELD_H
#define NODE_CORE_HELD_H

#include "node/core/jobs.h"
#include "proto/ledger.h"

struct core;

enum {
    HELD_MS = 10 * 1000,
    HELD_COUNT_MAX = 512, // of all jobs; then all is written
};

struct held_end {
    struct ledger_result result; // of one due time; reason ""
    uint64_t step_ms;
    uint64_t since_ms; // monotonic
};

struct held_verdict {
    struct ledger_verdict verdict; // reason is an owned copy
    uint64_t step_ms;
    uint64_t since_ms; // monotonic
};

struct held {
    struct held_end *ends; // owned, as they came
    size_t end_count, end_capacity;
    struct held_verdict *verdicts; // owned; each of another stretch
    size_t verdict_count, verdict_capacity;
};

void held_deinit(struct held *held);

// The distance of the due times of a trigger whose ends are held; 0: they are not.
uint64_t held_step_ms(const struct job *job, const struct known_key *key);
// Takes the end of a run that the job's owner, this node, ran itself. False: it has something to tell and is
// to be written now, as is what was held of the job.
bool held_end(struct core *core, struct job *job, const struct ledger_result *result);
// Takes a verdict about one due time; written at once when step_ms is 0.
void held_verdict(struct core *core, const struct ledger_verdict *verdict, uint64_t step_ms);

void held_write_job(struct core *core, const char *job);
void held_write_verdicts(struct core *core, const char *job);
void held_write_all(struct core *core);
void held_tick(struct core *core);
uint64_t held_deadline_ms(const struct core *core); // UINT64_MAX: nothing is held

#endif
