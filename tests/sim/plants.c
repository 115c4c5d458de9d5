#include "tests/sim/plants.h"

#include "node/core/gather.h"
#include "node/core/reopen.h"
#include "node/core/schedule.h"
#include "node/core/state.h"

#include <string.h>

enum {
    NOTHING,
    BAD_SIGNATURES_HOLD,
    RECORDS_ARE_DROPPED,
    PAUSES_ARE_NOT_SEEN,
    ORDERS_ARE_REPEATED,
    DUE_TIMES_ARE_OFF,
    STARTS_ARE_EARLY,
    OUTCOMES_ARE_LOW,
    OUTCOMES_ARE_LOST,
    NOBODY_IS_ASKED,
    NOBODY_IS_WAITED_FOR,
    GAPS_ARE_IGNORED,
    OWNERS_GO_ON,
    PROMISES_ARE_NOT_KEPT,
    PROMISES_ARE_LOWERED,
    CLAIMS_ARE_NOT_WRITTEN,
    RUNNING_IS_FORGOTTEN,
    ATTEMPTS_ARE_COUNTED_ANEW,
    ACKS_DO_NOT_COUNT,
    OLD_WORDS_COUNT,
    RECORDS_STAY_HERE,
    NOTHING_IS_COMPARED,
    NOBODY_ELSE_IS_ASKED,
};

const struct plant plants[] = {
    [BAD_SIGNATURES_HOLD - 1] = {"signature", 1, "a signature that does not hold is taken for one that does",
                                 false},
    [RECORDS_ARE_DROPPED - 1] = {"dropped", 2, "some nodes drop some records of others", false},
    [PAUSES_ARE_NOT_SEEN - 1] = {"pause", 3, "pauses are not looked at", false},
    [ORDERS_ARE_REPEATED - 1] = {"order", 4, "an order is carried out whenever its job is looked at", false},
    [DUE_TIMES_ARE_OFF - 1] = {"due", 4, "due times are a millisecond late", false},
    [STARTS_ARE_EARLY - 1] = {"early", 4, "starts come before their due time", false},
    [OUTCOMES_ARE_LOW - 1] = {"low", 5, "the outcome is that of the attempt before the last", true},
    [OUTCOMES_ARE_LOST - 1] = {"lost", 5, "an outcome is told as open once in a while", false},
    [NOBODY_IS_ASKED - 1] = {"unasked", 6, "who is named first takes a job without asking anybody", true},
    [NOBODY_IS_WAITED_FOR - 1] = {"hasty", 6, "who takes a job counts everybody as dead", true},
    [GAPS_ARE_IGNORED - 1] = {"gap", 6, "who stood still goes on as owner", true},
    [OWNERS_GO_ON - 1] = {"stubborn", 6, "who answered a take goes on as owner", false},
    [PROMISES_ARE_NOT_KEPT - 1] = {"forgetful", 7, "promises are not written down", false},
    [PROMISES_ARE_LOWERED - 1] = {"lower", 7,
                                  "whoever asks is promised the job, whatever was promised before", false},
    [CLAIMS_ARE_NOT_WRITTEN - 1] = {"unclaimed", 7, "the cursor moves without a claim", false},
    [RUNNING_IS_FORGOTTEN - 1] = {"silent", 8, "what the answers to a take tell to be running is forgotten",
                                  true},
    [ATTEMPTS_ARE_COUNTED_ANEW - 1] = {"anew", 8, "each attempt is called the first", false},
    [ACKS_DO_NOT_COUNT - 1] = {"deaf", 11, "acks are not counted", true},
    [OLD_WORDS_COUNT - 1] = {"old", 11, "what a node said of itself before counts as newer", true},
    [RECORDS_STAY_HERE - 1] = {"unkept", 12, "records are not handed to keepers", true},
    [NOTHING_IS_COMPARED - 1] = {"unoffered", 12, "new keepers are not offered what was written before",
                                 true},
    [NOBODY_ELSE_IS_ASKED - 1] = {"alone", 12, "a question about history is not passed on", false},
};
const size_t plant_count = COUNT_OF(plants);

static int chosen;
static const struct core *stepping; // NULL: it is the simulator that calls

void plants_choose(const struct plant *plant)
{
    chosen = plant ? (int)(plant - plants) + 1 : NOTHING;
}

static bool is_planted(int plant)
{
    return chosen == plant && stepping;
}

#define WRAP(type, name, ...)                                                                                \
    type __real_##name(__VA_ARGS__);                                                                         \
    type __wrap_##name(__VA_ARGS__)

WRAP(void, core_step, struct core *core, const struct event *event);

void __wrap_core_step(struct core *core, const struct event *event)
{
    stepping = core;
    __real_core_step(core, event);
    stepping = NULL;
}

WRAP(int, envelope_verify, const struct envelope *envelope, const struct fleet_id *fleet,
     const struct public_key *key, struct record_id *ret_id);

int __wrap_envelope_verify(const struct envelope *envelope, const struct fleet_id *fleet,
                           const struct public_key *key, struct record_id *ret_id)
{
    int outcome = __real_envelope_verify(envelope, fleet, key, ret_id);
    if (outcome != ENVELOPE_FORGED || !is_planted(BAD_SIGNATURES_HOLD))
        return outcome;
    *ret_id = envelope_id(envelope, fleet, key);
    return 0;
}

WRAP(int, table_add, struct table *table, const struct authority_log *log, struct bytes envelope,
     struct record_id *ret_id);

int __wrap_table_add(struct table *table, const struct authority_log *log, struct bytes envelope,
                     struct record_id *ret_id)
{
    unsigned sum = 0;
    for (size_t i = 0; i < envelope.size; i++)
        sum += envelope.data[i];
    bool is_victim = is_planted(RECORDS_ARE_DROPPED) && stepping->self.id.b[0] % 2 && sum % 4 == 0;
    return is_victim ? TABLE_KNOWN : __real_table_add(table, log, envelope, ret_id);
}

WRAP(bool, table_job_is_paused, const struct table_job *job, int64_t wall_ms);

bool __wrap_table_job_is_paused(const struct table_job *job, int64_t wall_ms)
{
    return !is_planted(PAUSES_ARE_NOT_SEEN) && __real_table_job_is_paused(job, wall_ms);
}

WRAP(struct known_due *, known_find, const struct known *known, const struct known_key *key);

struct known_due *__wrap_known_find(const struct known *known, const struct known_key *key)
{
    bool hides = is_planted(ORDERS_ARE_REPEATED) && key->trigger == OCCURRENCE_ORDER;
    return hides ? NULL : __real_known_find(known, key);
}

WRAP(bool, due_next, const struct due *due, int64_t after_ms, int64_t *ret_due_ms);

bool __wrap_due_next(const struct due *due, int64_t after_ms, int64_t *ret_due_ms)
{
    bool is_off = is_planted(DUE_TIMES_ARE_OFF);
    bool found = __real_due_next(due, is_off ? after_ms - 1 : after_ms, ret_due_ms);
    if (found && is_off)
        *ret_due_ms += 1;
    return found;
}

WRAP(void, jobs_add_pending, struct job *job, const struct jobs_pending *pending);

void __wrap_jobs_add_pending(struct job *job, const struct jobs_pending *pending)
{
    struct jobs_pending made = *pending;
    if (is_planted(STARTS_ARE_EARLY))
        made.start_ms -= 700;
    if (is_planted(ATTEMPTS_ARE_COUNTED_ANEW))
        made.attempt = 1;
    __real_jobs_add_pending(job, &made);
}

WRAP(enum ledger_status, gather_status, const struct gather_due *due);

enum ledger_status __wrap_gather_status(const struct gather_due *due)
{
    enum ledger_status status = __real_gather_status(due);
    if (is_planted(OUTCOMES_ARE_LOW) && due->run_count > 1)
        return due->runs[due->run_count - 2].status;
    if (is_planted(OUTCOMES_ARE_LOST) && due->key.due_ms % 7 == 0)
        return LEDGER_OPEN;
    return status;
}

WRAP(void, take_start, struct core *core, struct job *job);

void __wrap_take_start(struct core *core, struct job *job)
{
    if (!is_planted(NOBODY_IS_ASKED)) {
        __real_take_start(core, job);
        return;
    }
    job->role = JOBS_OWNER;
    job->epoch = (struct ledger_epoch){.number = job->promised.number + 1, .node = core->self.id};
    job->promised = job->epoch;
    reopen_job(core, job);
    schedule_job(core, job);
}

WRAP(bool, owner_is_gone, const struct core *core, const struct node_id *id);

bool __wrap_owner_is_gone(const struct core *core, const struct node_id *id)
{
    return is_planted(NOBODY_IS_WAITED_FOR) || __real_owner_is_gone(core, id);
}

WRAP(void, take_drop_all, struct core *core);

void __wrap_take_drop_all(struct core *core)
{
    if (!is_planted(GAPS_ARE_IGNORED))
        __real_take_drop_all(core);
}

struct kept_role {
    enum jobs_role role;
    struct ledger_epoch epoch;
};

WRAP(bool, take_asked, struct core *core, const struct node_id *from, struct bytes body);

bool __wrap_take_asked(struct core *core, const struct node_id *from, struct bytes body)
{
    struct kept_role kept[16];
    size_t count = MIN_OF(core->jobs.count, COUNT_OF(kept));
    for (size_t i = 0; i < count; i++) {
        kept[i] = (struct kept_role){core->jobs.items[i]->role, core->jobs.items[i]->epoch};
        if (is_planted(PROMISES_ARE_LOWERED))
            core->jobs.items[i]->promised = (struct ledger_epoch){0};
    }
    bool outcome = __real_take_asked(core, from, body);
    for (size_t i = 0; i < count && is_planted(OWNERS_GO_ON); i++) {
        core->jobs.items[i]->role = kept[i].role;
        core->jobs.items[i]->epoch = kept[i].epoch;
        schedule_job(core, core->jobs.items[i]);
    }
    return outcome;
}

WRAP(uint64_t, outbox_write, struct outbox *outbox, const struct effect_write *write);

uint64_t __wrap_outbox_write(struct outbox *outbox, const struct effect_write *write)
{
    bool drops = is_planted(PROMISES_ARE_NOT_KEPT) && write->kind == EFFECT_WRITE_META &&
                 strncmp(write->key, "epoch/", 6) == 0;
    return drops ? outbox->ticket : __real_outbox_write(outbox, write);
}

WRAP(void, book_claim, struct core *core, struct job *job, const struct ledger_claim *claim);

void __wrap_book_claim(struct core *core, struct job *job, const struct ledger_claim *claim)
{
    if (!is_planted(CLAIMS_ARE_NOT_WRITTEN))
        __real_book_claim(core, job, claim);
}

WRAP(void, known_mark_running, struct known *known, const struct run_id *run,
     const struct ledger_epoch *epoch);

void __wrap_known_mark_running(struct known *known, const struct run_id *run,
                               const struct ledger_epoch *epoch)
{
    if (!is_planted(RUNNING_IS_FORGOTTEN))
        __real_known_mark_running(known, run, epoch);
}

struct gossip;
struct members_node;
struct judge_ack;

WRAP(void, judge_acked, struct gossip *gossip, struct members_node *node, const struct judge_ack *ack);

void __wrap_judge_acked(struct gossip *gossip, struct members_node *node, const struct judge_ack *ack)
{
    static unsigned count;
    if (!is_planted(ACKS_DO_NOT_COUNT) || ++count % 400 > 40)
        __real_judge_acked(gossip, node, ack);
}

WRAP(int, claims_compare, uint64_t generation, uint64_t incarnation, const struct members_node *node);

int __wrap_claims_compare(uint64_t generation, uint64_t incarnation, const struct members_node *node)
{
    return is_planted(OLD_WORDS_COUNT) ? 1 : __real_claims_compare(generation, incarnation, node);
}

WRAP(void, keep_record, struct core *core, const struct hash *id, struct bytes envelope,
     const char *const *jobs, size_t job_count);

void __wrap_keep_record(struct core *core, const struct hash *id, struct bytes envelope,
                        const char *const *jobs, size_t job_count)
{
    if (!is_planted(RECORDS_STAY_HERE))
        __real_keep_record(core, id, envelope, jobs, job_count);
}

WRAP(void, copies_tick, struct core *core);

void __wrap_copies_tick(struct core *core)
{
    if (!is_planted(NOTHING_IS_COMPARED))
        __real_copies_tick(core);
}

WRAP(size_t, ask_others, struct core *core, struct answer *answer, const struct effect_query *query);

size_t __wrap_ask_others(struct core *core, struct answer *answer, const struct effect_query *query)
{
    return is_planted(NOBODY_ELSE_IS_ASKED) ? 0 : __real_ask_others(core, answer, query);
}
