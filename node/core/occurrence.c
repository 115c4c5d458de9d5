#include "node/core/occurrence.h"

#include <string.h>

struct occurrence_id occurrence_id_of(const struct occurrence *occurrence)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-occurrence-1");
    hasher_add_text(&hasher, occurrence->job);
    hasher_add_u64(&hasher, occurrence->life);
    hasher_add_u64(&hasher, occurrence->schedule_version);
    hasher_add_u64(&hasher, occurrence->trigger);
    hasher_add(&hasher, occurrence->target.b, sizeof occurrence->target.b);
    hasher_add_u64(&hasher, (uint64_t)occurrence->due_ms);
    hasher_add(&hasher, occurrence->cause.b, sizeof occurrence->cause.b);
    return (struct occurrence_id){hasher_finish(&hasher)};
}

struct run_id run_id_of(const struct occurrence_id *occurrence, const struct node_id *node,
                        uint64_t generation, uint32_t attempt)
{
    struct hasher hasher;
    struct run_id run;
    hasher_start(&hasher, "katydid-run-1");
    hasher_add(&hasher, occurrence->hash.b, sizeof occurrence->hash.b);
    hasher_add(&hasher, node->b, sizeof node->b);
    hasher_add_u64(&hasher, generation);
    hasher_add_u64(&hasher, attempt);
    struct hash hash = hasher_finish(&hasher);
    memcpy(run.b, hash.b, sizeof run.b);
    return run;
}

struct hash job_hash_of(const char *job, uint64_t life)
{
    struct hasher hasher;
    hasher_start(&hasher, "katydid-job-1");
    hasher_add_text(&hasher, job);
    hasher_add_u64(&hasher, life);
    return hasher_finish(&hasher);
}
