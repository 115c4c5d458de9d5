#include "node/io/runner/check.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "crdt/scope.h"
#include "node/io/runner/environment.h"

enum { HOUR_MS = 3600 * 1000 };
enum { RERUN_COUNT_MAX = 2 }; // attempts after a loss, beside the retries the definition asks for

int check_deny(struct check *check, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    reason_set_list(&check->reason, text, arguments);
    va_end(arguments);
    return CHECK_DENIED;
}

int check_need(struct check *check, const struct hash *record)
{
    check->needed = *record;
    return CHECK_NEED;
}

bool check_is_order(const struct check *check)
{
    return check->start->trigger == FRAME_TRIGGER_ORDER;
}

bool check_is_backfill(const struct check *check)
{
    return check->start->cause == FRAME_BACKFILL;
}

// --- what the rules look at --------------------------------------------------

static void name_occurrence(struct check *check)
{
    const struct frame_start *start = check->start;
    struct hasher hasher;
    name_join_job(check->definition.namespace_name, check->definition.name, check->job);
    hasher_start(&hasher, "katydid-runner-job");
    hasher_add_text(&hasher, check->job);
    check->job_hash = hasher_finish(&hasher);
    check->occurrence = (struct occurrence){
        .job = check->job,
        .life = check->definition.life,
        .schedule_version = check_is_order(check) ? 0 : check->definition.schedule_version,
        .trigger = start->trigger,
        .due_ms = start->due_ms,
        .cause = start->cause_record};
    if (start->targeted)
        check->occurrence.target = check->world->evidence->self;
    struct occurrence_id id = occurrence_id_of(&check->occurrence);
    check->run = run_id_of(&id, &check->world->evidence->self, start->generation, start->attempt);
    check->key = seen_key_of(&check->occurrence);
}

static void look_up(struct check *check, const struct check_world *world, const struct frame_start *start)
{
    *check = (struct check){.world = world, .start = start};
    check->self = evidence_self(world->evidence);
    check->entry = definition_cache_find(&world->evidence->definitions, &start->definition);
    if (check_is_order(check) || check_is_backfill(check))
        check->order = orders_find(&world->evidence->orders, &start->cause_record);
    if (!check->entry)
        return;
    definition_cache_decode(check->entry, &check->arena, &check->definition);
    name_occurrence(check);
}

void check_deinit(struct check *check)
{
    arena_deinit(&check->arena);
}

// --- the rules ---------------------------------------------------------------

static int rule_fresh(struct check *check)
{
    const struct check_world *world = check->world;
    uint64_t sent_ns = check->start->sent_boottime_ns;
    if (world->refuses)
        return check_deny(check, "%s", world->refuses);
    if (sent_ns > world->boottime_ns || world->boottime_ns - sent_ns > CHECK_FRESH_MS * UINT64_C(1000000))
        return check_deny(check, "stale: the start was sent too long ago");
    return 0;
}

static const char *unsupported_trigger(const struct definition *definition)
{
    for (size_t i = 0; i < definition->trigger_count; i++) {
        if (definition->triggers[i].kind > DEFINITION_FILE)
            return "newer";
    }
    return NULL;
}

static int rule_definition(struct check *check)
{
    const struct definition *definition = &check->definition;
    if (!check->entry)
        return check_need(check, &check->start->definition);
    const struct floor *floor =
        floors_find(&check->world->evidence->floors, definition->namespace_name, definition->name);
    uint64_t life = floor ? floor_life(floor) : 0;
    if (life == 0)
        return check_deny(check, "no definition of %s is in force here", check->job);
    if (life % 2 == 0)
        return check_deny(check, "%s is deleted", check->job);
    if (!hash_equal(&floor->definition.id, &check->start->definition))
        return check_deny(check, "another definition of %s is in force", check->job);
    if (floor_is_paused(floor, check->world->wall_ms))
        return check_deny(check, "%s is paused", check->job);
    if (definition->need_count)
        return check_deny(check, "needs %s", definition->needs[0]);
    const char *trigger = unsupported_trigger(definition);
    return trigger ? check_deny(check, "needs %s triggers", trigger) : 0;
}

static int judge_definition(struct check *check)
{
    const struct definition *definition = &check->definition;
    const struct permission_request request = {.action = SCOPE_DEFINE,
                                               .namespace_name = definition->namespace_name,
                                               .user = definition->user,
                                               .labels = &check->self->labels,
                                               .stamp = definition->stamp,
                                               .authority_number = definition->authority_number};
    enum permission permission =
        permission_judge(&check->world->evidence->authority, &check->entry->signer, &request);
    return permission == PERMISSION_GRANTED ? 0 : check_deny(check, "%s", permission_text(permission));
}

static int judge_order(struct check *check)
{
    const struct orders_item *order = check->order;
    if (!check_is_order(check) && !check_is_backfill(check))
        return 0;
    if (!order)
        return check_need(check, &check->start->cause_record);
    const struct permission_request request = {.action = SCOPE_TRIGGER,
                                               .namespace_name = order->namespace_name,
                                               .labels = &check->self->labels,
                                               .stamp = order->stamp,
                                               .authority_number = order->authority_number};
    enum permission permission =
        permission_judge(&check->world->evidence->authority, &order->signer, &request);
    return permission == PERMISSION_GRANTED ? 0 : check_deny(check, "order: %s", permission_text(permission));
}

// Who is not root runs jobs as itself only. As root a user nobody knows is the start's failure, not a denial.
static int judge_user(struct check *check)
{
    const struct check_world *world = check->world;
    const char *name = check->definition.user;
    const struct account *account = account_find(world->accounts, name, world->now_ms);
    check->has_user = account != NULL;
    if (account)
        check->user = *account;
    else
        memcpy(check->user.name, name, sizeof check->user.name);
    if (geteuid() != 0 && (!account || account->user != geteuid()))
        return check_deny(check, "user %s: this agent was not started by root and cannot become another user",
                          name);
    return 0;
}

static int rule_permission(struct check *check)
{
    if (!check->self)
        return check_deny(check, "nothing proves this node's labels here yet");
    if (check->self->is_revoked)
        return check_deny(check, "this node is revoked");
    int outcome = judge_definition(check);
    if (outcome == 0)
        outcome = judge_order(check);
    for (size_t i = 0; outcome == 0 && i < COUNT_OF(check->world->policies); i++)
        if (!policy_allows(check->world->policies[i], &check->definition, &check->reason))
            outcome = CHECK_DENIED;
    return outcome ? outcome : judge_user(check);
}

// Do the selector and the name it gives mean this node?
static int judge_place(struct check *check)
{
    const struct definition *definition = &check->definition;
    if (!labels_cover(&check->self->labels, &definition->where))
        return check_deny(check, "this node's labels do not match the selector");
    if (definition->node[0] && strcmp(definition->node, check->self->name) != 0)
        return check_deny(check, "it is for node %s, this is %s", definition->node, check->self->name);
    return 0;
}

static int rule_target(struct check *check)
{
    const struct definition *definition = &check->definition;
    int outcome = judge_place(check);
    if (outcome)
        return outcome;
    if (check->order && !check->order->is_for_me)
        return check_deny(check, "the order is for other nodes");
    if (check_is_order(check))
        return 0;
    bool each_node = definition->spread == DEFINITION_SPREAD_ALL;
    if (check->start->targeted != each_node)
        return check_deny(check, each_node ? "it runs on each node, so its due times name one"
                                           : "it runs on one node, so its due times name none");
    return 0;
}

static int judge_attempt(struct check *check)
{
    unsigned attempt = check->start->attempt;
    unsigned most = 1 + check->definition.retry_times + RERUN_COUNT_MAX;
    unsigned last = seen_attempt(check->world->seen, &check->key);
    if (attempt > most || attempt > LIMIT_ATTEMPT_MAX)
        return check_deny(check, "attempt %u of at most %u", attempt,
                          MIN_OF(most, (unsigned)LIMIT_ATTEMPT_MAX));
    if (last >= attempt)
        return check_deny(check, "attempt %u of it has started here before", last);
    if (seen_is_forgotten(check->world->seen, &check->key))
        return check_deny(check, "it is older than the journal remembers of this trigger");
    return 0;
}

static bool take_token(const struct check_world *world)
{
    const uint64_t one = 1000;
    uint64_t passed_ms = MIN_OF(world->now_ms - *world->tokens_at_ms, UINT64_C(3600000));
    uint64_t tokens = *world->tokens + passed_ms * CHECK_RATE_PER_SECOND;
    *world->tokens_at_ms = world->now_ms;
    *world->tokens = MIN_OF(tokens, CHECK_RATE_BURST * one);
    if (*world->tokens < one)
        return false;
    *world->tokens -= one;
    return true;
}

static int rule_room(struct check *check)
{
    const struct processes *processes = check->world->processes;
    int outcome = judge_attempt(check);
    if (outcome != 0)
        return outcome;
    if (check->starts_per_hour && seen_count_since(check->world->seen, check->key.series,
                                                   check->world->wall_ms - HOUR_MS) >= check->starts_per_hour)
        return check_deny(check, "more than %zu starts of this trigger within an hour",
                          check->starts_per_hour);
    size_t live = processes_count_live(processes, &check->job_hash);
    size_t most = check->definition.busy == DEFINITION_BUSY_ALLOW ? CHECK_ALLOW_COUNT_MAX : 1;
    if (live >= most)
        return check_deny(check, "busy: %zu of at most %zu of its runs are going on here", live, most);
    if (processes->live_count >= LIMIT_RUNNING_COUNT_MAX)
        return check_deny(check, "%d runs are going on here", LIMIT_RUNNING_COUNT_MAX);
    if (processes->count >= PROCESSES_OPEN_COUNT_MAX)
        return check_deny(check, "too many ends of runs wait to be stored");
    if (!take_token(check->world))
        return check_deny(check, "more than %d starts a second", CHECK_RATE_PER_SECOND);
    return 0;
}

static int rule_at_most_once(struct check *check)
{
    if (check->definition.guarantee == DEFINITION_AT_MOST_ONCE)
        return check_deny(check, "at most once needs grants, which this build does not have");
    return 0;
}

static int rule_names(struct check *check)
{
    for (size_t i = 0; i < check->definition.environment_count; i++)
        if (strncmp(check->definition.environment[i].key, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) ==
            0)
            return check_deny(check, "a definition may not set %s", check->definition.environment[i].key);
    return 0;
}

static int (*const RULES[])(struct check *check) = {
    rule_fresh, rule_definition, rule_permission,   rule_target,
    check_due,  rule_room,       rule_at_most_once, rule_names,
};

int check_standing(struct check *check, const struct check_world *world, const struct frame_start *start)
{
    int outcome = 0;
    look_up(check, world, start);
    for (size_t rule = 1; outcome == 0 && rule < 3; rule++) {
        check->rule = (uint8_t)rule;
        outcome = RULES[rule](check);
    }
    return outcome ? outcome : judge_place(check);
}

int check_start(struct check *check, const struct check_world *world, const struct frame_start *start)
{
    int outcome = 0;
    look_up(check, world, start);
    for (size_t rule = 0; outcome == 0 && rule < COUNT_OF(RULES); rule++) {
        check->rule = (uint8_t)rule;
        outcome = RULES[rule](check);
    }
    return outcome;
}
