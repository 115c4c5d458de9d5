// job_records.h - which records of the ledger speak of a job: what two nodes compare of it
// (node/core/net/copies.h).
#ifndef NODE_IO_STORE_JOB_RECORDS_H
#define NODE_IO_STORE_JOB_RECORDS_H

#include "node/io/store/reading.h"

// EFFECT_QUERY_JOBS, one row. *ret_more: there are names beyond the limit.
int job_records_names(struct reading *reading, const struct effect_query *query, bool *ret_more) WARN_UNUSED;

// EFFECT_QUERY_IDS, one row. Bounded from the newest due time back, and never within one, so that equal sets
// are cut alike. A record counts while any of its items about the job is here.
int job_records_ids(struct reading *reading, const struct effect_query *query) WARN_UNUSED;

// EFFECT_QUERY_RECORDS: the first item stands for its record.
int job_records_find(struct reading *reading, const struct effect_query *query) WARN_UNUSED;

#endif
