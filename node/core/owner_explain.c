// owner_explain.c - why no node may run a job, in words: what each of them lacks.
#include "node/core/state.h"
#include "node/core/trigger/duration.h"

#include <stdio.h>
#include <string.h>

enum { EXPLAIN_NODE_MAX = 4 };

struct explaining {
    const struct core *core;
    const struct job *job;
    const struct definition *definition;
    char *out;
    size_t size, used;
    size_t told, left;
};

static void add(struct explaining *explaining, const char *name, const char *verb, const char *what)
{
    if (explaining->told == EXPLAIN_NODE_MAX) {
        explaining->left++;
        return;
    }
    int size = snprintf(explaining->out + explaining->used, explaining->size - explaining->used,
                        "%s %.40s %s%s", explaining->told ? "," : ":", name, verb, what);
    explaining->used = MIN_OF(explaining->used + (size_t)size, explaining->size - 1);
    explaining->told++;
}

static const struct label *find_missing(const struct directory_node *node, const struct labels *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const char *value = labels_find(&node->labels, wanted->items[i].key);
        if (!value || strcmp(value, wanted->items[i].value) != 0)
            return &wanted->items[i];
    }
    return NULL;
}

static bool is_named(const struct explaining *explaining, const struct directory_node *node)
{
    const char *name = explaining->definition->node;
    return !name[0] || strcmp(name, node->name) == 0;
}

void owner_tell_clock(const struct core *core, const struct job *job, const struct node_id *id,
                      char out[OWNER_CLOCK_ROOM])
{
    const uint32_t error_ms = fleet_clock_error_ms(core, id);
    char limit[DURATION_TEXT_SIZE], error[DURATION_TEXT_SIZE];
    duration_print(job->max_clock_error_ms, limit);
    duration_print(error_ms, error);
    if (!fleet_trusts_clock(core, id, 0))
        snprintf(out, OWNER_CLOCK_ROOM, "a clock that is not trusted");
    else if (error_ms == CLOCK_ERROR_UNKNOWN)
        snprintf(out, OWNER_CLOCK_ROOM, "a clock of unknown error, and the job allows %s", limit);
    else if (error_ms == UINT32_MAX)
        snprintf(out, OWNER_CLOCK_ROOM, "a clock that may be wrong by more than a minute; the job allows %s",
                 limit);
    else
        snprintf(out, OWNER_CLOCK_ROOM, "a clock that may be wrong by %s; the job allows %s", error, limit);
}

static void explain_node(struct explaining *explaining, const struct directory_node *node, bool matching)
{
    const struct core *core = explaining->core;
    const struct label *missing = find_missing(node, &explaining->definition->where);
    bool is_self = node_id_equal(&node->id, &core->self.id);
    if (matching != !missing)
        return;
    if (missing) {
        char label[2 * NAME_ROOM + 2];
        snprintf(label, sizeof label, "%s=%s", missing->key, missing->value);
        add(explaining, node->name, "has no ", label);
    } else if (!jobs_runs_on(core, explaining->job, &node->id)) {
        add(explaining, node->name, "is beyond the scope of its signer", "");
    } else if (!is_self && owner_is_gone(core, &node->id)) {
        add(explaining, node->name, "is away", "");
    } else if (is_self && core->self.drained) {
        add(explaining, node->name, "is drained", "");
    } else if (is_self && !core_takes_work(core) && core->storage == EVENT_STORAGE_FULL) {
        add(explaining, node->name, "has a full disk", "");
    } else if (!fleet_is_counted(core, &node->id)) {
        add(explaining, node->name, "was not heard yet", "");
    } else if (fleet_may_own(core, &node->id)) {
        char clock[OWNER_CLOCK_ROOM];
        owner_tell_clock(core, explaining->job, &node->id, clock);
        add(explaining, node->name, "has ", clock);
    } else {
        add(explaining, node->name, "takes no work", "");
    }
}

// Those that would match come first: they are what people wait for.
void owner_explain(const struct core *core, const struct job *job, char *out, size_t size)
{
    const struct definition *definition = jobs_definition(core, job);
    struct explaining explaining = {
        .core = core, .job = job, .definition = definition, .out = out, .size = size};
    bool is_known = false;
    for (int matching = 1; matching >= 0; matching--)
        for (const struct directory_node *node = NULL; (node = directory_next(&core->directory, node));) {
            if (node->is_revoked || fleet_state_of(core, &node->id) == FLEET_LEFT ||
                !is_named(&explaining, node))
                continue;
            is_known = true;
            explain_node(&explaining, node, matching);
        }
    if (!is_known && definition->node[0])
        add(&explaining, definition->node, "is no member", "");
    if (explaining.left)
        snprintf(out + explaining.used, size - explaining.used, ", and %zu more", explaining.left);
}
