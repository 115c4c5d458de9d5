#include "node/cli/job_change.h"

void job_change_keep_anchors(struct job_schema_job *job, const struct definition *base)
{
    struct definition_trigger *triggers = job->triggers;
    for (size_t i = 0; base && i < job->definition.trigger_count && i < base->trigger_count; i++) {
        bool is_written = job->anchored >> i & 1;
        if (is_written || triggers[i].kind != DEFINITION_EVERY ||
            base->triggers[i].kind != DEFINITION_EVERY ||
            triggers[i].period_ms != base->triggers[i].period_ms)
            continue;
        triggers[i].anchor_ms = base->triggers[i].anchor_ms;
    }
}

bool job_change_is_none(const struct definition *definition, const struct definition *base)
{
    struct hash wanted = definition_content(definition), present = definition_content(base);
    return hash_equal(&wanted, &present);
}

void job_change_begin(struct definition *definition, uint64_t life, uint64_t stamp)
{
    definition->life = life;
    definition->version = 1;
    definition->stamp = stamp;
    definition->edited_from = (struct hash){0};
    definition->schedule_version = 1;
    definition->since = stamp;
}

void job_change_follow(struct definition *definition, const struct job_change_base *base, uint64_t stamp)
{
    const struct definition *before = base->definition;
    struct hash wanted = definition_schedule(definition), present = definition_schedule(before);
    bool is_same = hash_equal(&wanted, &present);
    definition->life = before->life;
    definition->version = before->version + 1;
    definition->stamp = stamp;
    definition->edited_from = base->id;
    definition->settles = base->settles;
    definition->settle_count = base->settle_count;
    definition->schedule_version = before->schedule_version + !is_same;
    definition->since = is_same ? before->since : stamp;
}
