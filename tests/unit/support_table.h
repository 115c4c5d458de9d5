// support_table.h - a fleet with two operators and a table, and short ways to sign what goes into it.
#ifndef TESTS_UNIT_SUPPORT_TABLE_H
#define TESTS_UNIT_SUPPORT_TABLE_H

#include "crdt/table.h"
#include "tests/unit/support_trust.h"

struct support_record { // one signed record
    struct buffer envelope;
    struct record_id id;
};

struct support_table {
    struct support_trust trust; // Alice and Bob may do everything
    struct envelope_signer alice, bob;
    struct table table;
};

void support_table_init(struct support_table *fixture);
void support_table_deinit(struct support_table *fixture);
int support_table_add(struct support_table *fixture, const struct support_record *record);
// The same with a fresh record, which it frees.
int support_table_take(struct support_table *fixture, struct support_record record);
struct table_job *support_table_job(const struct support_table *fixture, const char *name);

void support_record_deinit(struct support_record *record);

// Each in namespace main, signed at the present head of the authority log. `at_ms`: see support_stamp.
// The next version of "backup" by somebody who edited seen[0] and saw the others lose.
struct support_record support_edit(const struct support_table *fixture, const struct envelope_signer *signer,
                                   uint64_t version, const struct record_id *seen, size_t seen_count);
struct support_record support_define(const struct support_table *fixture,
                                     const struct envelope_signer *signer, const char *name, uint64_t life,
                                     uint64_t version);
struct support_record support_pause(const struct support_table *fixture, const struct envelope_signer *signer,
                                    const char *name, uint64_t life, int64_t at_ms);
struct support_record support_pause_until(const struct support_table *fixture, const char *name,
                                          int64_t until_ms);
struct support_record support_resume(const struct support_table *fixture,
                                     const struct envelope_signer *signer, const char *name,
                                     const struct record_id *lifts, int64_t at_ms);
struct support_record support_delete(const struct support_table *fixture,
                                     const struct envelope_signer *signer, const char *name, uint64_t life,
                                     int64_t at_ms);
struct support_record support_order(const struct support_table *fixture, const struct envelope_signer *signer,
                                    const char *name, int64_t at_ms);

#endif
