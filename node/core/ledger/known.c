#include "node/core/ledger/known.h"

#include <stdlib.h>
#include <string.h>

#include "proto/sorted.h"

#define KNOWN_CAUSE_MS (25 * 3600 * 1000LL) // what happened once may be seen to have happened for so long
#define KNOWN_RETRY_MS (24 * 3600 * 1000LL) // the longest a failed attempt waits for the next

void known_deinit(struct known *known)
{
    for (size_t i = 0; i < known->count; i++)
        free(known->items[i].attempts);
    free(known->items);
    *known = (struct known){0};
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

int known_key_compare(const struct known_key *a, const struct known_key *b)
{
    int order = ORDER(a->due_ms, b->due_ms);
    if (!order)
        order = ORDER(a->schedule_version, b->schedule_version);
    if (!order)
        order = ORDER(a->trigger, b->trigger);
    if (!order)
        order = memcmp(&a->target, &b->target, sizeof a->target);
    if (!order)
        order = memcmp(&a->cause, &b->cause, sizeof a->cause);
    return order;
}

static int compare(const void *element, const void *key)
{
    return known_key_compare(&((const struct known_due *)element)->key, key);
}

// Where the key is, or where it belongs.
static size_t position(const struct known *known, const struct known_key *key, bool *ret_found)
{
    size_t at;
    *ret_found = sorted_find(SORTED(known->items, known->count, compare), key, &at);
    return at;
}

struct known_due *known_find(const struct known *known, const struct known_key *key)
{
    bool found;
    size_t at = position(known, key, &found);
    return found ? &known->items[at] : NULL;
}

static struct known_due *find_or_add(struct known *known, const struct known_key *key)
{
    bool found;
    size_t at = position(known, key, &found);
    if (found)
        return &known->items[at];
    void *items = known->items;
    struct known_due *added = sorted_insert(&items, &known->count, &known->capacity, at, sizeof *added);
    known->items = items;
    added->key = *key;
    return added;
}

struct known_key known_key_of(const struct ledger_occurrence *occurrence, int64_t due_ms)
{
    return (struct known_key){.schedule_version = occurrence->schedule_version,
                              .trigger = occurrence->trigger,
                              .target = occurrence->target,
                              .due_ms = due_ms,
                              .cause = occurrence->cause};
}

static struct run_id run_of(const char *job, uint64_t life, const struct known_key *key,
                            const struct known_attempt *attempt)
{
    const struct occurrence occurrence = {.job = job,
                                          .life = life,
                                          .schedule_version = key->schedule_version,
                                          .trigger = key->trigger,
                                          .target = key->target,
                                          .due_ms = key->due_ms,
                                          .cause = key->cause};
    struct occurrence_id id = occurrence_id_of(&occurrence);
    return run_id_of(&id, &attempt->executor, attempt->generation, attempt->number);
}

static struct known_attempt *attempt_find(struct known_due *due, const struct run_id *run)
{
    for (size_t i = 0; i < due->attempt_count; i++)
        if (run_id_equal(&due->attempts[i].run, run))
            return &due->attempts[i];
    return NULL;
}

static struct known_attempt *attempt_add(struct known_due *due, const struct known_attempt *attempt)
{
    void *attempts = due->attempts;
    base_grow(&attempts, &due->attempt_capacity, due->attempt_count + 1, sizeof *due->attempts);
    due->attempts = attempts;
    size_t at = due->attempt_count;
    while (at > 0 && (due->attempts[at - 1].number > attempt->number ||
                      (due->attempts[at - 1].number == attempt->number &&
                       memcmp(&due->attempts[at - 1].run, &attempt->run, sizeof attempt->run) > 0))) {
        due->attempts[at] = due->attempts[at - 1];
        at--;
    }
    due->attempts[at] = *attempt;
    due->attempt_count++;
    return &due->attempts[at];
}

static void raise_status(struct known_due *due, enum ledger_status status, int64_t at_ms)
{
    if (status > due->status)
        due->status = status;
    if (at_ms > due->settled_ms)
        due->settled_ms = at_ms;
}

void known_claim(struct known *known, const char *job, const struct ledger_claim *claim,
                 const struct node_id *signer)
{
    for (uint32_t i = 0; i < claim->count; i++) {
        int64_t due_ms = claim->occurrence.due_ms + (int64_t)(i * claim->step_ms);
        struct known_key key = known_key_of(&claim->occurrence, due_ms);
        struct known_attempt attempt = {.number = claim->attempt,
                                        .executor = claim->executor,
                                        .generation = claim->executor_generation,
                                        .epoch = claim->epoch,
                                        .owner = *signer,
                                        .claimed_ms = claim->at_ms,
                                        .take = known->take};
        attempt.run = i == 0 ? claim->run : run_of(job, claim->occurrence.life, &key, &attempt);
        struct known_due *due = find_or_add(known, &key);
        struct known_attempt *there = attempt_find(due, &attempt.run);
        if (!there)
            attempt_add(due, &attempt);
        else if (ledger_epoch_compare(&attempt.epoch, &there->epoch) >
                 0) { // claimed anew, or its result came first
            there->epoch = attempt.epoch;
            there->owner = attempt.owner;
            there->claimed_ms = attempt.claimed_ms;
        }
    }
}

void known_result(struct known *known, const char *job, const struct ledger_result *result,
                  const struct node_id *signer)
{
    uint32_t count = result->count ? result->count : 1;
    for (uint32_t i = 0; i < count; i++) {
        struct known_key key = known_key_of(&result->occurrence, ledger_result_due_ms(result, i));
        struct known_attempt attempt = {.number = result->attempt,
                                        .executor = *signer,
                                        .generation = result->generation,
                                        .status = result->status,
                                        .take = known->take};
        attempt.run = i == 0 ? result->run : run_of(job, result->occurrence.life, &key, &attempt);
        struct known_due *due = find_or_add(known, &key);
        struct known_attempt *there = attempt_find(due, &attempt.run);
        if (!there)
            there = attempt_add(due, &attempt);
        if (result->status > there->status)
            there->status = result->status;
        there->ended_ms = MAX_OF(there->ended_ms, ledger_result_ended_ms(result, i));
        raise_status(due, result->status, ledger_result_ended_ms(result, i));
    }
}

void known_verdict(struct known *known, const struct ledger_verdict *verdict)
{
    const struct ledger_occurrence *first = &verdict->occurrence;
    for (size_t i = 0; i < known->count; i++) {
        struct known_due *due = &known->items[i];
        const struct known_key *key = &due->key;
        if (key->schedule_version == first->schedule_version && key->trigger == first->trigger &&
            node_id_equal(&key->target, &first->target) && hash_equal(&key->cause, &first->cause) &&
            key->due_ms >= first->due_ms && key->due_ms <= verdict->last_due_ms) {
            due->verdict = MAX_OF(due->verdict, verdict->status);
            raise_status(due, verdict->status, verdict->at_ms);
        }
    }
}

void known_mark_running(struct known *known, const struct run_id *run, const struct ledger_epoch *epoch)
{
    for (size_t i = 0; i < known->count; i++) {
        struct known_attempt *attempt = attempt_find(&known->items[i], run);
        if (attempt)
            attempt->running = *epoch;
    }
}

bool known_is_news(const struct known *known, const struct known_due *due, const struct ledger_epoch *epoch)
{
    for (size_t i = 0; i < due->attempt_count; i++)
        if (due->attempts[i].take == known->take && ledger_epoch_compare(&due->attempts[i].epoch, epoch) < 0)
            return true;
    return false;
}

const struct known_attempt *known_open_attempt(const struct known_due *due)
{
    const struct known_attempt *open = NULL;
    for (size_t i = 0; i < due->attempt_count; i++) {
        const struct known_attempt *attempt = &due->attempts[i];
        if (attempt->status == LEDGER_OPEN &&
            (!open || ledger_epoch_compare(&attempt->epoch, &open->epoch) >= 0))
            open = attempt;
    }
    return open;
}

uint32_t known_last_attempt(const struct known_due *due)
{
    return due->attempt_count ? due->attempts[due->attempt_count - 1].number : 0;
}

const struct known_attempt *known_last_ended(const struct known_due *due)
{
    for (size_t i = due->attempt_count; i-- > 0;)
        if (due->attempts[i].status != LEDGER_OPEN)
            return &due->attempts[i];
    return NULL;
}

// An attempt that its owner gave up as lost never gets a result; the due time is settled all the same. A
// failure that is tried again is not settled while the next attempt may still start.
static bool is_settled(const struct known_due *due, int64_t before_ms)
{
    const struct known_attempt *open = known_open_attempt(due);
    bool waits = open && open->number > 1 && due->verdict == LEDGER_OPEN && due->status < LEDGER_OK &&
                 due->settled_ms > before_ms - KNOWN_RETRY_MS;
    return !waits && (due->status >= LEDGER_LOST || (due->status != LEDGER_OPEN && !open));
}

enum { KNOWN_CAUSE_COUNT_MAX = 2048 };

// What is due once by its cause must not be taken for new as long as its cause may still be about.
static bool is_old(const struct known_due *due, int64_t before_ms, size_t causes)
{
    bool is_kept = !hash_is_zero(&due->key.cause) && causes <= KNOWN_CAUSE_COUNT_MAX;
    return due->settled_ms < before_ms - (is_kept ? KNOWN_CAUSE_MS : 0);
}

void known_forget(struct known *known, int64_t before_ms, size_t keep)
{
    size_t settled = 0, kept = 0, causes = 0;
    for (size_t i = 0; i < known->count; i++) {
        settled += is_settled(&known->items[i], before_ms);
        causes += !hash_is_zero(&known->items[i].key.cause);
    }
    for (size_t i = 0; i < known->count; i++) {
        struct known_due *due = &known->items[i];
        if (is_settled(due, before_ms) && is_old(due, before_ms, causes) && settled > keep) {
            free(due->attempts);
            causes -= !hash_is_zero(&due->key.cause);
            settled--;
            continue;
        }
        known->items[kept++] = *due;
    }
    known->count = kept;
}
