#include "crdt/authority_log.h"

#include <stdlib.h>
#include <string.h>

#include "proto/sorted.h"

// --- sorted arrays -----------------------------------------------------------

struct entry_place {
    uint64_t number;
    const struct hash *id;
};

static int compare_entries(const void *element, const void *key)
{
    const struct authority_log_entry *entry = *(struct authority_log_entry *const *)element;
    const struct entry_place *place = key;
    if (entry->number != place->number)
        return entry->number < place->number ? -1 : 1;
    return memcmp(&entry->id.hash, place->id, sizeof *place->id);
}

// The index of the first entry not below (number, id), and whether it is that one.
static bool find_entry(const struct authority_log *log, uint64_t number, const struct hash *id,
                       size_t *ret_at)
{
    const struct entry_place place = {number, id};
    return sorted_find(SORTED(log->entries, log->entry_count, compare_entries), &place, ret_at);
}

static int compare_operators(const void *element, const void *id)
{
    return memcmp(&((const struct authority_log_operator *)element)->id, id, sizeof(struct node_id));
}

static bool find_operator(const struct authority_log *log, const struct node_id *id, size_t *ret_at)
{
    return sorted_find(SORTED(log->operators, log->operator_count, compare_operators), id, ret_at);
}

static int compare_revocations(const void *element, const void *id)
{
    return memcmp(&((const struct authority_log_revocation *)element)->id, id, sizeof(struct node_id));
}

static bool find_revocation(const struct authority_log *log, const struct node_id *id, size_t *ret_at)
{
    return sorted_find(SORTED(log->revocations, log->revocation_count, compare_revocations), id, ret_at);
}

// --- what the entries add up to ----------------------------------------------

static void operators_clear(struct authority_log *log)
{
    for (size_t i = 0; i < log->operator_count; i++)
        free(log->operators[i].grants);
    log->operator_count = 0;
}

static void operator_apply(struct authority_log *log, const struct authority_log_entry *entry)
{
    struct node_id id = node_id_of(&entry->entry.operator_.key);
    size_t index;
    if (!find_operator(log, &id, &index)) {
        void *array = log->operators;
        struct authority_log_operator *added =
            sorted_insert(&array, &log->operator_count, &log->operator_capacity, index, sizeof *added);
        log->operators = array;
        added->id = id;
        added->key = entry->entry.operator_.key;
    }
    struct authority_log_operator *operator_ = &log->operators[index];
    operator_->name = entry->entry.operator_.name;
    operator_->grants = base_resize(operator_->grants, operator_->grant_count + 1, sizeof *operator_->grants);
    operator_->grants[operator_->grant_count++] = (struct authority_log_grant){
        .number = entry->number,
        .scope = entry->entry.operator_.scope,
        .not_after_ms = entry->entry.operator_.not_after_ms,
    };
}

static void revocation_apply(struct authority_log *log, const struct authority_log_entry *entry)
{
    struct node_id id = node_id_of(&entry->entry.revoke.key);
    size_t index;
    if (!find_revocation(log, &id, &index)) {
        void *array = log->revocations;
        struct authority_log_revocation *added =
            sorted_insert(&array, &log->revocation_count, &log->revocation_capacity, index, sizeof *added);
        log->revocations = array;
        *added = (struct authority_log_revocation){id, entry->entry.revoke.key, UINT64_MAX, UINT64_MAX};
    }
    struct authority_log_revocation *revocation = &log->revocations[index];
    revocation->stamp = MIN_OF(revocation->stamp, entry->entry.revoke.stamp);
    revocation->number = MIN_OF(revocation->number, entry->number);
}

// Which of two entries that follow the same one is in force.
static bool entry_beats(const struct authority_log_entry *a, const struct authority_log_entry *b)
{
    bool a_revokes = a->entry.change == AUTHORITY_REVOKE, b_revokes = b->entry.change == AUTHORITY_REVOKE;
    if (a_revokes != b_revokes)
        return a_revokes;
    return memcmp(&a->id, &b->id, sizeof a->id) < 0;
}

static void chain_add(struct authority_log *log, struct authority_log_entry *entry)
{
    void *array = log->chain;
    base_grow(&array, &log->chain_capacity, log->chain_count + 1, sizeof *log->chain);
    log->chain = array;
    log->chain[log->chain_count++] = entry;
    entry->is_in_force = true;
    if (entry->entry.change == AUTHORITY_OPERATOR)
        operator_apply(log, entry);
}

// Walks from genesis and takes the better entry wherever branches part. Entries stand by number, so
// one pass over the array meets the followers of the chain's end in time.
static void chain_rebuild(struct authority_log *log)
{
    log->chain_count = 0;
    operators_clear(log);
    const struct authority_log_entry *end = NULL;
    for (size_t i = 0; i < log->entry_count;) {
        uint64_t number = log->entries[i]->number;
        struct authority_log_entry *best = NULL;
        for (; i < log->entry_count && log->entries[i]->number == number; i++) {
            struct authority_log_entry *entry = log->entries[i];
            entry->is_in_force = false;
            if (entry->previous == end && number == log->chain_count + 1 &&
                (!best || entry_beats(entry, best)))
                best = entry;
        }
        if (best) {
            chain_add(log, best);
            end = best;
        }
    }
}

static void revoked_refresh(struct authority_log *log)
{
    for (size_t i = 0; i < log->operator_count; i++) {
        struct authority_log_operator *operator_ = &log->operators[i];
        const struct authority_log_revocation *revocation =
            authority_log_find_revocation(log, &operator_->id);
        operator_->is_revoked = revocation != NULL;
        operator_->revoked_stamp = revocation ? revocation->stamp : 0;
    }
}

// --- adding ------------------------------------------------------------------

static const struct public_key *root_find(const struct authority_log *log, const struct node_id *id)
{
    for (size_t i = 0; i < log->genesis.root_key_count; i++) {
        struct node_id root = node_id_of(&log->genesis.root_keys[i]);
        if (node_id_equal(&root, id))
            return &log->genesis.root_keys[i];
    }
    return NULL;
}

static bool branch_revokes(const struct authority_log_entry *end, const struct public_key *key)
{
    for (; end; end = end->previous)
        if (end->entry.change == AUTHORITY_REVOKE && memcmp(&end->entry.revoke.key, key, sizeof *key) == 0)
            return true;
    return false;
}

static bool entry_is_first(const struct authority_log *log, const struct authority_entry *entry)
{
    return entry->number == 1 && hash_equal(&entry->previous, &log->fleet.hash);
}

// Where a verified entry hangs: 0 and *ret_previous, or why it cannot.
static int entry_place(const struct authority_log *log, const struct authority_entry *entry,
                       const struct public_key *signer, const struct authority_log_entry **ret_previous,
                       uint64_t *ret_needed)
{
    const struct authority_log_entry *previous = NULL;
    if (entry->number == 0 || (entry->number == 1 && !entry_is_first(log, entry)))
        return AUTHORITY_LOG_MALFORMED;
    if (entry->number > 1) {
        size_t index;
        if (!find_entry(log, entry->number - 1, &entry->previous, &index)) {
            *ret_needed = MIN_OF(log->chain_count + 1, entry->number - 1);
            return AUTHORITY_LOG_GAP;
        }
        previous = log->entries[index];
    }
    if (branch_revokes(previous, signer))
        return AUTHORITY_LOG_NOT_ROOT;
    *ret_previous = previous;
    return 0;
}

// Decodes a verified entry and finds what it follows.
static int entry_read(const struct authority_log *log, struct authority_log_entry *entry,
                      const struct public_key *signer, uint64_t *ret_needed)
{
    struct bytes body = {entry->envelope.data + ENVELOPE_HEADER_SIZE,
                         entry->envelope.size - ENVELOPE_HEADER_SIZE};
    arena_allow(&entry->arena, body.size);
    if (authority_entry_decode(body, &entry->arena, &entry->entry) != 0)
        return AUTHORITY_LOG_MALFORMED;
    entry->number = entry->entry.number;
    return entry_place(log, &entry->entry, signer, &entry->previous, ret_needed);
}

static bool has_sibling(const struct authority_log *log, const struct authority_log_entry *entry)
{
    for (size_t i = authority_log_index_of(log, entry->number); i < log->entry_count; i++) {
        const struct authority_log_entry *other = log->entries[i];
        if (other->number != entry->number)
            break;
        if (other != entry && other->previous == entry->previous)
            return true;
    }
    return false;
}

static void entry_free(struct authority_log_entry *entry)
{
    buffer_deinit(&entry->envelope);
    arena_deinit(&entry->arena);
    free(entry);
}

static void entry_keep(struct authority_log *log, struct authority_log_entry *entry)
{
    void *array = log->entries;
    size_t index;
    (void)find_entry(log, entry->number, &entry->id.hash, &index);
    struct authority_log_entry **place =
        sorted_insert(&array, &log->entry_count, &log->entry_capacity, index, sizeof *place);
    log->entries = array;
    *place = entry;
}

// Takes a verified, placed entry into the sums. The usual one follows the head and only adds to them.
static int entry_settle(struct authority_log *log, struct authority_log_entry *entry)
{
    bool is_fork = has_sibling(log, entry);
    bool is_next = !is_fork && entry->number == log->chain_count + 1 &&
                   entry->previous == (log->chain_count ? log->chain[log->chain_count - 1] : NULL);
    log->has_fork = log->has_fork || is_fork;
    if (entry->entry.change == AUTHORITY_REVOKE)
        revocation_apply(log, entry);
    if (is_next)
        chain_add(log, entry);
    else
        chain_rebuild(log);
    revoked_refresh(log);
    return is_fork ? AUTHORITY_LOG_FORK : 0;
}

// Finds an entry by its record id, whatever its number: cheaper than decoding what is not verified.
static const struct authority_log_entry *entry_find_id(const struct authority_log *log,
                                                       const struct record_id *id)
{
    for (size_t i = log->entry_count; i-- > 0;)
        if (hash_equal(&log->entries[i]->id.hash, &id->hash))
            return log->entries[i];
    return NULL;
}

int authority_log_add(struct authority_log *log, struct bytes input, uint64_t *ret_needed)
{
    struct envelope envelope;
    if (envelope_parse(input, &envelope) != 0 || envelope.kind != ENVELOPE_AUTHORITY)
        return AUTHORITY_LOG_MALFORMED;
    if (envelope.body.size > LIMIT_AUTHORITY_SIZE_MAX)
        return AUTHORITY_LOG_MALFORMED;
    const struct public_key *key = root_find(log, &envelope.signer);
    if (!key)
        return AUTHORITY_LOG_NOT_ROOT;
    struct record_id id = envelope_id(&envelope, &log->fleet, key);
    const struct authority_log_entry *known = entry_find_id(log, &id);
    if (known && bytes_equal(buffer_view(&known->envelope), input))
        return AUTHORITY_LOG_KNOWN;
    if (envelope_verify(&envelope, &log->fleet, key, &id) != 0)
        return AUTHORITY_LOG_FORGED;
    if (known)
        return AUTHORITY_LOG_KNOWN;
    if (log->entry_count >= LIMIT_AUTHORITY_COUNT_MAX)
        return AUTHORITY_LOG_FULL;

    struct authority_log_entry *entry = base_alloc(1, sizeof *entry);
    entry->id = id;
    buffer_add(&entry->envelope, input.data, input.size);
    int outcome = entry_read(log, entry, key, ret_needed);
    if (outcome) {
        entry_free(entry);
        return outcome;
    }
    entry_keep(log, entry);
    return entry_settle(log, entry);
}

// --- beginning and end -------------------------------------------------------

// The signer of genesis is its first root key, which only its body names: read first, then verified.
static int genesis_check(struct authority_log *log, const struct fleet_id *pinned)
{
    static const struct fleet_id none;
    struct envelope envelope;
    struct record_id id;
    if (envelope_parse(buffer_view(&log->genesis_envelope), &envelope) != 0 ||
        envelope.kind != ENVELOPE_GENESIS)
        return AUTHORITY_LOG_MALFORMED;
    if (envelope.body.size > LIMIT_AUTHORITY_SIZE_MAX)
        return AUTHORITY_LOG_MALFORMED;
    arena_allow(&log->arena, envelope.body.size);
    if (genesis_decode(envelope.body, &log->arena, &log->genesis) != 0 || !log->genesis.root_key_count)
        return AUTHORITY_LOG_MALFORMED;
    if (envelope_verify(&envelope, &none, &log->genesis.root_keys[0], &id) != 0)
        return AUTHORITY_LOG_FORGED;
    if (!hash_equal(&id.hash, &pinned->hash))
        return AUTHORITY_LOG_WRONG_FLEET;
    log->fleet.hash = id.hash;
    return 0;
}

int authority_log_init(struct authority_log *log, struct bytes genesis, const struct fleet_id *pinned)
{
    *log = (struct authority_log){0};
    if (genesis.size > LIMIT_RECORD_SIZE_MAX)
        return AUTHORITY_LOG_MALFORMED;
    buffer_add(&log->genesis_envelope, genesis.data, genesis.size);
    int outcome = genesis_check(log, pinned);
    if (outcome)
        authority_log_deinit(log);
    return outcome;
}

void authority_log_deinit(struct authority_log *log)
{
    operators_clear(log);
    for (size_t i = 0; i < log->entry_count; i++)
        entry_free(log->entries[i]);
    free(log->entries);
    free(log->chain);
    free(log->operators);
    free(log->revocations);
    buffer_deinit(&log->genesis_envelope);
    arena_deinit(&log->arena);
    *log = (struct authority_log){0};
}

// --- asking ------------------------------------------------------------------

struct authority_log_head authority_log_get_head(const struct authority_log *log)
{
    if (!log->chain_count)
        return (struct authority_log_head){0, {log->fleet.hash}};
    const struct authority_log_entry *last = log->chain[log->chain_count - 1];
    return (struct authority_log_head){last->number, last->id};
}

struct hash authority_log_summary(const struct authority_log *log)
{
    struct authority_log_head head = authority_log_get_head(log);
    if (!log->has_fork)
        return head.id.hash;
    struct hasher hasher;
    hasher_start(&hasher, "katydid-fork-1");
    for (size_t i = 0; i < log->entry_count; i++)
        hasher_add(&hasher, log->entries[i]->id.hash.b, sizeof log->entries[i]->id.hash.b);
    return hasher_finish(&hasher);
}

bool authority_log_has(const struct authority_log *log, uint64_t number, const struct hash *id)
{
    size_t index;
    return number == 0 ? hash_equal(id, &log->fleet.hash) : find_entry(log, number, id, &index);
}

size_t authority_log_index_of(const struct authority_log *log, uint64_t number)
{
    static const struct hash lowest;
    size_t index;
    (void)find_entry(log, number, &lowest, &index);
    return index;
}

const struct authority_log_operator *authority_log_find_operator(const struct authority_log *log,
                                                                 const struct node_id *id)
{
    size_t index;
    return find_operator(log, id, &index) ? &log->operators[index] : NULL;
}

const struct authority_log_grant *authority_log_find_grant(const struct authority_log_operator *operator_,
                                                           uint64_t number)
{
    const struct authority_log_grant *found = NULL;
    for (size_t i = 0; i < operator_->grant_count && operator_->grants[i].number <= number; i++)
        found = &operator_->grants[i];
    return found;
}

const struct public_key *authority_log_find_key(const struct authority_log *log, const struct node_id *id)
{
    const struct public_key *root = root_find(log, id);
    const struct authority_log_operator *operator_ = root ? NULL : authority_log_find_operator(log, id);
    return operator_ ? &operator_->key : root;
}

const struct authority_log_revocation *authority_log_find_revocation(const struct authority_log *log,
                                                                     const struct node_id *id)
{
    size_t index;
    return find_revocation(log, id, &index) ? &log->revocations[index] : NULL;
}

const char *authority_log_find_setting(const struct authority_log *log, const char *key)
{
    for (size_t i = log->chain_count; i-- > 0;) {
        const struct authority_entry *entry = &log->chain[i]->entry;
        if (entry->change == AUTHORITY_SETTING && strcmp(entry->setting.key, key) == 0)
            return entry->setting.value;
    }
    return NULL;
}

const struct authority_log_entry *authority_log_find_voters(const struct authority_log *log,
                                                            const char *group)
{
    const struct authority_log_entry *best = NULL;
    for (size_t i = 0; i < log->chain_count; i++) {
        const struct authority_log_entry *entry = log->chain[i];
        if (entry->entry.change != AUTHORITY_VOTERS || strcmp(entry->entry.voters.group, group) != 0)
            continue;
        if (!best || entry->entry.voters.epoch > best->entry.voters.epoch)
            best = entry;
    }
    return best;
}

const char *authority_log_outcome_text(int outcome)
{
    switch (outcome) {
    case 0:
        return "added";
    case AUTHORITY_LOG_KNOWN:
        return "known already";
    case AUTHORITY_LOG_FORK:
        return "added, but the log has forked: the root key signed two entries in one place";
    case AUTHORITY_LOG_GAP:
        return "entries before it are missing";
    case AUTHORITY_LOG_NOT_ROOT:
        return "not signed by a valid root key";
    case AUTHORITY_LOG_FORGED:
        return "the signature does not hold";
    case AUTHORITY_LOG_FULL:
        return "the authority log is full";
    case AUTHORITY_LOG_WRONG_FLEET:
        return "of another fleet";
    default:
        return "not a well-formed authority entry";
    }
}
