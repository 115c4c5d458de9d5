// known.h - what this node knows of one job's recent due times: attempts, how they ended, what was decided.
//
// Claims, results and verdicts come in any order, from this node, its disk and its peers; the same
// set gives the same knowledge. A due time's status is the highest of its attempts and verdicts and
// never falls. Open due times stay; settled ones are forgotten after known_forget, because the disk
// has them; those that happened, instead of being due, a day later: what made them is still about. Only due
// times for any node or for this node are kept here: what other nodes do for themselves goes to the disk
// alone.
#ifndef NODE_CORE_LEDGER_KNOWN_H
#define NODE_CORE_LEDGER_KNOWN_H

#include "node/core/occurrence.h"
#include "proto/ledger.h"

struct known_attempt {
    uint32_t number; // 1, 2, ...
    struct run_id run;
    struct node_id executor;
    uint64_t generation; // of the executor
    struct ledger_epoch epoch;
    struct node_id owner; // who claimed
    int64_t claimed_ms;
    int64_t ended_ms;            // wall time of its result; 0: none is known
    enum ledger_status status;   // open until a result is known
    struct ledger_epoch running; // the take in whose answers its executor reported it running; zero: none
    uint32_t take;               // the last one of this node that began before this was known
};

struct known_key { // which due time of the job
    uint64_t schedule_version;
    uint16_t trigger;
    struct node_id target;
    int64_t due_ms;
    struct hash cause;
};

struct known_due {
    struct known_key key;
    enum ledger_status status;      // of all that ended; open where nothing did
    enum ledger_status verdict;     // the highest one; not open: nothing is to follow
    int64_t settled_ms;             // wall time of the last result or verdict
    struct known_attempt *attempts; // owned, by number, then run
    size_t attempt_count, attempt_capacity;
};

struct known {
    struct known_due *items; // owned, sorted by key
    size_t count, capacity;
    uint32_t take; // counts the takes that this node began
};

void known_deinit(struct known *known);

struct known_due *known_find(const struct known *known, const struct known_key *key);
int known_key_compare(const struct known_key *a, const struct known_key *b); // by due time first
struct known_key known_key_of(const struct ledger_occurrence *occurrence, int64_t due_ms);

// A claim may cover several due times; all are noted. `signer` is the owner that claimed.
void known_claim(struct known *known, const char *job, const struct ledger_claim *claim,
                 const struct node_id *signer);
void known_result(struct known *known, const char *job, const struct ledger_result *result,
                  const struct node_id *signer);
// Only due times that are here already: a stretch of due times that nobody claimed needs no memory.
void known_verdict(struct known *known, const struct ledger_verdict *verdict);

// The executor of this run reported it running when it answered the take of this epoch.
void known_mark_running(struct known *known, const struct run_id *run, const struct ledger_epoch *epoch);

// Something of it was claimed before `epoch`, the present take's, and became known after that began: nobody
// was asked about it, and what is not known here may have ended it.
bool known_is_news(const struct known *known, const struct known_due *due, const struct ledger_epoch *epoch);

// The attempt without a result that was claimed under the highest epoch: those before it were given up.
// NULL when there is none.
const struct known_attempt *known_open_attempt(const struct known_due *due);
uint32_t known_last_attempt(const struct known_due *due); // 0: none yet
// The attempt of the highest number that ended; NULL: none did.
const struct known_attempt *known_last_ended(const struct known_due *due);
// Forgets settled due times that were settled before before_ms; keeps the newest `keep` of them.
void known_forget(struct known *known, int64_t before_ms, size_t keep);

#endif
