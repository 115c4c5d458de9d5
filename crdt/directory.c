#include "crdt/directory.h"

#include "crdt/permission.h"
#include "crdt/scope.h"
#include "crdt/stamp.h"

#include <stdlib.h>
#include <string.h>

enum {
    DIRECTORY_RECORD_COUNT_MAX = 8 * LIMIT_MEMBER_COUNT_MAX,
};

void directory_init(struct directory *directory)
{
    *directory = (struct directory){0};
    tree_init(&directory->nodes, directory_node_compare);
    tree_init(&directory->records, directory_record_compare);
    tree_init(&directory->aside, directory_record_compare);
    tree_init(&directory->uses, directory_record_compare_use);
}

void directory_deinit(struct directory *directory)
{
    struct tree_node *node;
    while ((node = tree_take_any(&directory->records)))
        directory_record_free((struct directory_record *)(void *)node);
    while ((node = tree_take_any(&directory->aside)))
        directory_record_free((struct directory_record *)(void *)node);
    while ((node = tree_take_any(&directory->nodes)))
        free(node);
    record_queue_deinit(&directory->dropped);
    free(directory->listed);
    *directory = (struct directory){0};
}

static struct directory_record *live_find(const struct directory *directory, const struct hash *id)
{
    return (struct directory_record *)(void *)tree_find(&directory->records, id);
}

static struct directory_node *node_find(const struct directory *directory, const struct node_id *id)
{
    return (struct directory_node *)(void *)tree_find(&directory->nodes, id);
}

// --- does a record hold? -----------------------------------------------------

static int outcome_of(enum permission permission)
{
    switch (permission) {
    case PERMISSION_VOID:
        return DIRECTORY_VOID;
    case PERMISSION_UNKNOWN:
        return DIRECTORY_SIGNER_UNKNOWN;
    case PERMISSION_BEHIND:
        return DIRECTORY_LOG_BEHIND;
    case PERMISSION_OUT_OF_SCOPE:
        return DIRECTORY_OUT_OF_SCOPE;
    default:
        return 0;
    }
}

// Invites and node records: what an operator gives.
static int judge_grant(const struct authority_log *log, const struct directory_record *record,
                       const struct labels *labels, uint64_t authority_number)
{
    struct permission_request request = {
        .action = SCOPE_INVITE,
        .labels = labels,
        .authority_number = authority_number,
    };
    return outcome_of(permission_judge(log, &record->signer, &request));
}

static bool is_after_revocation(const struct authority_log *log, const struct node_id *id, int64_t at_ms)
{
    const struct authority_log_revocation *revocation = authority_log_find_revocation(log, id);
    return revocation && stamp_of_wall_ms(at_ms) > revocation->stamp;
}

static int judge_time(const struct authority_log *log, const struct directory_record *invite,
                      const struct directory_record *record)
{
    int64_t at_ms = record->body.admission.at_ms;
    const struct authority_log_operator *operator_ = authority_log_find_operator(log, &invite->signer);
    const struct authority_log_grant *grant =
        operator_ ? authority_log_find_grant(operator_, invite->body.invite.authority_number) : NULL;
    if (!grant)
        return DIRECTORY_INVITE_UNKNOWN;
    if (at_ms > invite->body.invite.expires_ms || (grant->not_after_ms && at_ms > grant->not_after_ms))
        return DIRECTORY_TOO_LATE;
    if (is_after_revocation(log, &invite->signer, at_ms) || is_after_revocation(log, &record->signer, at_ms))
        return DIRECTORY_VOID;
    return 0;
}

static int judge_admission(const struct directory *directory, const struct authority_log *log,
                           const struct directory_record *record)
{
    const struct admission *admission = &record->body.admission;
    const struct directory_record *invite = live_find(directory, &admission->invite);
    if (!invite || invite->kind != ENVELOPE_INVITE)
        return DIRECTORY_INVITE_UNKNOWN;
    if (!node_id_equal(&invite->body.invite.redeemer, &record->signer))
        return DIRECTORY_NOT_REDEEMER;
    if (!node_find(directory, &record->signer))
        return DIRECTORY_NODE_UNKNOWN;
    if (admission->use >= invite->body.invite.uses)
        return DIRECTORY_NO_SUCH_USE;
    if (!directory_record_allows_name(&invite->body.invite, admission->name))
        return DIRECTORY_NAME_REFUSED;
    int outcome = judge_time(log, invite, record);
    if (outcome)
        return outcome;
    const struct directory_record *other = directory_record_of_use(tree_find(&directory->uses, admission));
    return other && memcmp(&other->id, &record->id, sizeof other->id) < 0 ? DIRECTORY_USE_TAKEN : 0;
}

static int judge_keys(const struct directory *directory, const struct directory_record *record)
{
    const struct directory_node *node = node_find(directory, &record->signer);
    if (!node)
        return DIRECTORY_NODE_UNKNOWN;
    const struct directory_record *named = live_find(directory, &record->body.keys.admission);
    if (!named)
        return DIRECTORY_ADMISSION_UNKNOWN;
    if (!directory_node_find_record(node, &record->body.keys.admission))
        return DIRECTORY_NOT_YOURS;
    if (node->keys && directory_record_order_of(record, node->keys) < 0)
        return DIRECTORY_OUTDATED;
    return 0;
}

static int judge(const struct directory *directory, const struct authority_log *log,
                 const struct directory_record *record)
{
    switch (record->kind) {
    case ENVELOPE_INVITE:
        return judge_grant(log, record, &record->body.invite.labels, record->body.invite.authority_number);
    case ENVELOPE_ADMISSION:
        return judge_admission(directory, log, record);
    case ENVELOPE_KEYS:
        return judge_keys(directory, record);
    default:
        return judge_grant(log, record, &record->body.node.labels, record->body.node.authority_number);
    }
}

// --- putting records in force ------------------------------------------------

static const struct public_key *subject_key(const struct directory_record *record)
{
    return record->kind == ENVELOPE_ADMISSION ? &record->body.admission.node_key
                                              : &record->body.node.node_key;
}

static struct directory_node *node_of(struct directory *directory, const struct directory_record *record)
{
    struct directory_node *node = node_find(directory, &record->subject);
    if (!node) {
        node = base_alloc(1, sizeof *node);
        node->id = record->subject;
        node->key = *subject_key(record);
        tree_add(&directory->nodes, &node->by_id, &node->id);
    }
    return node;
}

static void drop(struct directory *directory, struct directory_record *record)
{
    record_queue_add(&directory->dropped, &record->id);
    directory_record_free(record);
}

// Older keys make room for newer ones.
static void replace_keys(struct directory *directory, struct directory_node *node)
{
    struct directory_record *old = node->keys;
    if (!old)
        return;
    directory_node_remove(node, old);
    tree_remove(&directory->records, &old->id);
    fingerprint_remove(&directory->live, &old->id.hash);
    drop(directory, old);
}

static void apply(struct directory *directory, const struct authority_log *log,
                  struct directory_record *record)
{
    tree_add(&directory->records, &record->by_id, &record->id);
    fingerprint_add(&directory->live, &record->id.hash);
    record->is_live = true;
    directory->generation++;
    if (record->kind == ENVELOPE_INVITE)
        return;
    struct directory_node *node = node_of(directory, record);
    if (record->kind == ENVELOPE_KEYS)
        replace_keys(directory, node);
    if (record->kind == ENVELOPE_ADMISSION) {
        tree_add(&directory->uses, &record->by_use, &record->body.admission);
        record->invite = live_find(directory, &record->body.admission.invite);
    }
    directory_node_add(node, record);
    directory_node_settle(node, log);
}

static void put_aside(struct directory *directory, struct directory_record *record)
{
    record->is_live = false;
    record->next = NULL;
    tree_add(&directory->aside, &record->by_id, &record->id);
}

// Those of `aside` that hold as things stand, in record id order. They are judged before any of them is
// put in force, so that of two admissions for one use the lower id comes first whatever waits for what.
static size_t collect_ready(const struct directory *directory, const struct authority_log *log,
                            struct directory_record **ready)
{
    size_t count = 0;
    struct tree_node *node = tree_find_first(&directory->aside);
    while (node) {
        struct directory_record *record = (struct directory_record *)(void *)node;
        if (judge(directory, log, record) == 0)
            ready[count++] = record;
        node = tree_find_after(&directory->aside, &record->id);
    }
    return count;
}

// Puts in force what was set aside and holds, until nothing more does.
static void revive(struct directory *directory, const struct authority_log *log)
{
    while (directory->aside.count) {
        struct directory_record **ready =
            base_alloc(directory->aside.count, sizeof(struct directory_record *));
        size_t count = collect_ready(directory, log, ready), applied = 0;
        for (size_t i = 0; i < count; i++) {
            if (judge(directory, log, ready[i]) != 0)
                continue; // the one before it took its place
            tree_remove(&directory->aside, &ready[i]->id);
            apply(directory, log, ready[i]);
            applied++;
        }
        free(ready);
        if (!applied)
            return;
    }
}

void directory_recheck(struct directory *directory, const struct authority_log *log)
{
    struct tree_node *node;
    while ((node = tree_take_any(&directory->nodes)))
        free(node);
    while ((node = tree_take_any(&directory->records)))
        put_aside(directory, (struct directory_record *)(void *)node);
    tree_init(&directory->uses, directory_record_compare_use);
    directory->live = (struct fingerprint){0};
    directory->generation++;
    revive(directory, log);
}

// --- adding ------------------------------------------------------------------

// The key that must have signed it, or why there is none.
static int signer_find(const struct directory *directory, const struct authority_log *log,
                       const struct envelope *envelope, const struct public_key **ret_key)
{
    if (envelope->kind < ENVELOPE_INVITE || envelope->kind > ENVELOPE_NODE)
        return DIRECTORY_WRONG_KIND;
    if (envelope->kind == ENVELOPE_INVITE || envelope->kind == ENVELOPE_NODE) {
        const struct authority_log_operator *operator_ = authority_log_find_operator(log, &envelope->signer);
        if (!operator_)
            return DIRECTORY_SIGNER_UNKNOWN;
        *ret_key = &operator_->key;
        return 0;
    }
    const struct directory_node *node = node_find(directory, &envelope->signer);
    if (!node)
        return DIRECTORY_NODE_UNKNOWN;
    *ret_key = &node->key;
    return 0;
}

// 0: new and genuine.
static int verify(const struct directory *directory, const struct authority_log *log,
                  const struct envelope *envelope, bool is_trusted, struct record_id *ret_id)
{
    const struct public_key *key;
    int outcome = signer_find(directory, log, envelope, &key);
    if (outcome)
        return outcome;
    *ret_id = envelope_id(envelope, &log->fleet, key);
    const struct directory_record *known = directory_find_record(directory, ret_id);
    if (known && (is_trusted || bytes_equal(directory_record_bytes(known), envelope->whole)))
        return DIRECTORY_KNOWN;
    if (!is_trusted && envelope_verify(envelope, &log->fleet, key, ret_id) != 0)
        return DIRECTORY_FORGED;
    return known ? DIRECTORY_KNOWN : 0;
}

static bool is_full(const struct directory *directory, const struct directory_record *record)
{
    bool is_new_node = record->kind != ENVELOPE_INVITE && !node_find(directory, &record->subject);
    return directory->records.count + directory->aside.count >= DIRECTORY_RECORD_COUNT_MAX ||
           (is_new_node && directory->nodes.count >= LIMIT_MEMBER_COUNT_MAX);
}

// A second admission for a use, with the lower id: the first loses its place, and all that rests on it.
static void displace(struct directory *directory, const struct authority_log *log,
                     struct directory_record *record)
{
    put_aside(directory, record);
    directory_recheck(directory, log);
}

static int add(struct directory *directory, const struct authority_log *log, struct bytes input,
               bool is_trusted)
{
    struct envelope envelope;
    struct record_id id;
    if (envelope_parse(input, &envelope) != 0)
        return DIRECTORY_MALFORMED;
    int outcome = verify(directory, log, &envelope, is_trusted, &id);
    if (outcome)
        return outcome;
    struct directory_record *record = directory_record_new(&id, &envelope);
    if (!record)
        return DIRECTORY_MALFORMED;
    outcome = is_full(directory, record) ? DIRECTORY_FULL : judge(directory, log, record);
    if (outcome) {
        directory_record_free(record);
        return outcome;
    }
    if (record->kind == ENVELOPE_ADMISSION && tree_find(&directory->uses, &record->body.admission)) {
        displace(directory, log, record);
        return 0;
    }
    apply(directory, log, record);
    revive(directory, log);
    return 0;
}

int directory_add(struct directory *directory, const struct authority_log *log, struct bytes envelope)
{
    return add(directory, log, envelope, false);
}

int directory_restore(struct directory *directory, const struct authority_log *log, struct bytes envelope)
{
    return add(directory, log, envelope, true);
}

size_t directory_restore_all(struct directory *directory, const struct authority_log *log,
                             const struct bytes *envelopes, size_t count)
{
    bool *is_done = base_alloc(count, sizeof *is_done);
    size_t restored = 0;
    for (size_t before = SIZE_MAX; before != restored;) {
        before = restored;
        for (size_t i = 0; i < count; i++) {
            if (is_done[i] || add(directory, log, envelopes[i], true) != 0)
                continue;
            is_done[i] = true;
            restored++;
        }
    }
    free(is_done);
    return restored;
}
