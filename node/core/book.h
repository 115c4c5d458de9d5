// book.h - writes down what became of due times: signs claims, results, verdicts and cursors.
//
// Items are gathered during one step and signed as one record per kind at its end (book_flush), so a
// signature and a row on disk cost per step and not per item. A claim is noted in the job's knowledge as
// it is written; results and verdicts are noted when they come and may be written a little later (held.h).
#ifndef NODE_CORE_BOOK_H
#define NODE_CORE_BOOK_H

#include "node/core/ledger/known.h"
#include "proto/frame.h"

struct core;
struct job;

struct book {
    struct ledger_claim *claims; // owned
    size_t claim_count, claim_capacity;
    struct ledger_result *results; // owned; reasons and the times of ranges are owned copies
    size_t result_count, result_capacity;
    struct ledger_verdict *verdicts; // owned; reasons are owned copies
    size_t verdict_count, verdict_capacity;
    struct ledger_cursor *cursors; // owned
    size_t cursor_count, cursor_capacity;
};

void book_deinit(struct book *book);

void book_claim(struct core *core, struct job *job, const struct ledger_claim *claim);
void book_note_result(struct core *core, struct job *job, const struct ledger_result *result);
void book_write_result(struct core *core, const struct ledger_result *result);
void book_note_verdict(struct job *job, const struct ledger_verdict *verdict);
void book_write_verdict(struct core *core, const struct ledger_verdict *verdict);
void book_cursor(struct core *core, const struct ledger_cursor *cursor);

// Signs and writes what was gathered. Results are acknowledged to the runner when this is durable.
void book_flush(struct core *core);

// One line of the story of a job (NULL: of the node) or of one of its due times.
void book_story(struct core *core, const struct job *job, const struct known_key *key, const char *format,
                ...) PRINTF_LIKE(4, 5);

// The occurrence a key of this job stands for.
struct ledger_occurrence book_occurrence(const struct job *job, const struct known_key *key);
struct occurrence_id book_occurrence_id(const struct job *job, const struct known_key *key);

#endif
