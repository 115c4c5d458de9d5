// table_view.c - looking at the table: walks, the live list, the digest, the texts.
#include "crdt/table.h"

#include <stdlib.h>

struct table_job *table_find_job(const struct table *table, const char *namespace_name, const char *name)
{
    struct table_job_key key = {namespace_name, name};
    return (struct table_job *)(void *)tree_find(&table->jobs, &key);
}

const struct definition *table_definition(const struct table *table, struct table_job *job)
{
    return table_job_definition(job, table->decoded);
}

static bool has_live(const struct table_job *job)
{
    const struct table_record *record = NULL;
    while ((record = table_job_next_record(job, record)))
        if (record->is_live)
            return true;
    return false;
}

struct table_job *table_next_job(const struct table *table, const struct table_job *last)
{
    struct table_job *job = (struct table_job *)(void *)tree_find_first(&table->jobs);
    if (last) {
        struct table_job_key key = table_job_get_key(last);
        job = (struct table_job *)(void *)tree_find_after(&table->jobs, &key);
    }
    while (job && !has_live(job)) {
        struct table_job_key key = table_job_get_key(job);
        job = (struct table_job *)(void *)tree_find_after(&table->jobs, &key);
    }
    return job;
}

const struct table_record *table_find_record(const struct table *table, const struct record_id *id)
{
    return (const struct table_record *)(const void *)tree_find(&table->records, id);
}

const struct table_order *table_find_order(const struct table *table, const struct record_id *id)
{
    return (const struct table_order *)(const void *)tree_find(&table->orders, id);
}

const struct table_order *table_next_order(const struct table *table, const struct table_order *last)
{
    const struct tree_node *node =
        last ? tree_find_after(&table->orders, &last->record->id) : tree_find_first(&table->orders);
    const struct table_order *order = (const struct table_order *)(const void *)node;
    while (order && !order->record->is_live) {
        node = tree_find_after(&table->orders, &order->record->id);
        order = (const struct table_order *)(const void *)node;
    }
    return order;
}

bool table_order_is_denied(const struct table_order *order)
{
    return table_record_is_denied(order->record);
}

// --- replication -------------------------------------------------------------

struct hash table_fingerprint(const struct table *table)
{
    return fingerprint_hash(&table->live);
}

static int item_order(const void *a, const void *b)
{
    return reconcile_item_compare(a, b);
}

struct reconcile_view table_live(struct table *table)
{
    if (!table->listed || table->listed_generation != table->generation) {
        free(table->listed);
        table->listed = base_alloc(table->live.count + 1, sizeof *table->listed);
        table->listed_count = 0;
        const struct tree_node *node = tree_find_first(&table->records);
        while (node) {
            const struct table_record *record = (const struct table_record *)(const void *)node;
            if (record->is_live)
                table->listed[table->listed_count++] =
                    (struct reconcile_item){record->stamp, record->id.hash};
            node = tree_find_after(&table->records, &record->id);
        }
        assert(table->listed_count == table->live.count);
        qsort(table->listed, table->listed_count, sizeof *table->listed, item_order);
        table->listed_generation = table->generation;
    }
    return (struct reconcile_view){table->listed, table->listed_count};
}

static void digest_record(struct hasher *hasher, const struct table_record *record)
{
    hasher_add(hasher, record->id.hash.b, sizeof record->id.hash.b);
    hasher_add_u64(hasher, record->kind);
    hasher_add_u64(hasher, record->permission);
}

static void digest_job(struct hasher *hasher, const struct table_job *job)
{
    static const struct record_id none;
    struct table_job_key key = table_job_get_key(job);
    hasher_add_text(hasher, key.namespace_name);
    hasher_add_text(hasher, key.name);
    hasher_add_u64(hasher, job->life);
    hasher_add(hasher, job->active ? &job->active->id : &none, sizeof none);
    hasher_add_u64(hasher, job->open_pause_count);
    hasher_add_u64(hasher, job->conflict_count);
    const struct table_record *record = NULL;
    while ((record = table_job_next_record(job, record)))
        if (record->is_live)
            digest_record(hasher, record);
}

struct hash table_digest(const struct table *table)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-table-1");
    struct hash fingerprint = table_fingerprint(table);
    hasher_add(&hasher, fingerprint.b, sizeof fingerprint.b);
    const struct table_job *job = NULL;
    while ((job = table_next_job(table, job)))
        digest_job(&hasher, job);
    const struct table_order *order = NULL;
    while ((order = table_next_order(table, order)))
        digest_record(&hasher, order->record);
    return hasher_finish(&hasher);
}

const char *table_outcome_text(int outcome)
{
    switch (outcome) {
    case 0:
        return "added";
    case TABLE_KNOWN:
        return "known already";
    case TABLE_SUPERSEDED:
        return "kept, but something newer stands";
    case TABLE_SIGNER_UNKNOWN:
        return "signer unknown here";
    case TABLE_LOG_BEHIND:
        return "signed under a newer authority log than ours";
    case TABLE_OUT_OF_SCOPE:
        return "not in the signer's scope";
    case TABLE_VOID:
        return "signed after its signer was revoked";
    case TABLE_FORGED:
        return "the signature does not hold";
    case TABLE_WRONG_KIND:
        return "not a record of the table";
    case TABLE_EXPIRED:
        return "its time has passed";
    case TABLE_FULL:
        return "the table is full";
    case TABLE_AHEAD:
        return "its stamp is more than a minute ahead of this node's clock";
    case TABLE_NO_JOB:
        return "there is no such job";
    case TABLE_STALE:
        return "the job was changed in the meantime";
    case TABLE_TOO_MANY_PAUSES:
        return "too many pauses are open";
    default:
        return "not well formed";
    }
}
