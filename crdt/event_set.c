#include "crdt/event_set.h"

#include <stdlib.h>
#include <string.h>

#include "crdt/permission.h"
#include "crdt/scope.h"
#include "crdt/stamp.h"
#include "proto/sorted.h"

enum { MINUTE_MS = 60000 };

static int compare_id(const struct tree_node *node, const void *key)
{
    return memcmp(&((const struct event_set_item *)(const void *)node)->id, key, sizeof(struct record_id));
}

void event_set_init(struct event_set *set)
{
    *set = (struct event_set){0};
    tree_init(&set->by_id, compare_id);
}

static void item_free(struct event_set_item *item)
{
    buffer_deinit(&item->envelope);
    free(item);
}

void event_set_deinit(struct event_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        item_free(set->items[i]);
    free(set->items);
    free(set->signers);
    free(set->listed);
    record_queue_deinit(&set->dropped);
    *set = (struct event_set){0};
}

// --- where things stand --------------------------------------------------------

static struct reconcile_item place_of(const struct event_set_item *item)
{
    return (struct reconcile_item){.stamp = item->stamp, .id = item->id.hash};
}

static int compare(const void *element, const void *place)
{
    const struct reconcile_item there = place_of(*(struct event_set_item *const *)element);
    return reconcile_item_compare(&there, place);
}

// How many items come before this place.
static size_t position(const struct event_set *set, const struct reconcile_item *place)
{
    size_t at;
    (void)sorted_find(SORTED(set->items, set->count, compare), place, &at);
    return at;
}

static int compare_signers(const void *element, const void *id)
{
    return memcmp(&((const struct event_set_signer *)element)->id, id, sizeof(struct node_id));
}

static bool find_signer_place(const struct event_set *set, const struct node_id *id, size_t *ret_at)
{
    return sorted_find(SORTED(set->signers, set->signer_count, compare_signers), id, ret_at);
}

static struct event_set_signer *find_signer(const struct event_set *set, const struct node_id *id)
{
    size_t at;
    return find_signer_place(set, id, &at) ? &set->signers[at] : NULL;
}

static void count_signer(struct event_set *set, const struct node_id *id)
{
    size_t at;
    if (find_signer_place(set, id, &at)) {
        set->signers[at].count++;
        return;
    }
    void *signers = set->signers;
    struct event_set_signer *added =
        sorted_insert(&signers, &set->signer_count, &set->signer_capacity, at, sizeof *added);
    set->signers = signers;
    *added = (struct event_set_signer){*id, 1};
}

static void uncount_signer(struct event_set *set, const struct node_id *id)
{
    size_t at;
    bool found = find_signer_place(set, id, &at);
    assert(found);
    if (--set->signers[at].count)
        return;
    set->signer_count--;
    memmove(&set->signers[at], &set->signers[at + 1], (set->signer_count - at) * sizeof *set->signers);
}

const struct event_set_item *event_set_find(const struct event_set *set, const struct hash *id)
{
    return (const struct event_set_item *)(const void *)tree_find(&set->by_id, id);
}

// --- in and out ----------------------------------------------------------------

static void drop_at(struct event_set *set, size_t at)
{
    struct event_set_item *item = set->items[at];
    set->count--;
    memmove(&set->items[at], &set->items[at + 1], (set->count - at) * sizeof(struct event_set_item *));
    tree_remove(&set->by_id, &item->id);
    uncount_signer(set, &item->signer);
    fingerprint_remove(&set->live, &item->id.hash);
    record_queue_add(&set->dropped, &item->id);
    set->generation++;
    item_free(item);
}

static size_t newest_of(const struct event_set *set, const struct node_id *signer)
{
    size_t at = set->count;
    while (at-- > 0)
        if (node_id_equal(&set->items[at]->signer, signer))
            return at;
    return SIZE_MAX;
}

// The item that would have to go for one more of this signer; SIZE_MAX: there is room.
static size_t surplus(const struct event_set *set, const struct node_id *signer)
{
    const struct event_set_signer *counted = find_signer(set, signer);
    if (counted && counted->count >= EVENT_SET_SIGNER_COUNT_MAX)
        return newest_of(set, signer);
    return set->count >= LIMIT_EVENT_COUNT_MAX ? set->count - 1 : SIZE_MAX;
}

static void keep(struct event_set *set, struct event_set_item *item)
{
    size_t last = surplus(set, &item->signer);
    if (last != SIZE_MAX)
        drop_at(set, last);
    const struct reconcile_item place = place_of(item);
    size_t at = position(set, &place);
    void *items = set->items;
    struct event_set_item **added = sorted_insert(&items, &set->count, &set->capacity, at, sizeof *added);
    set->items = items;
    *added = item;
    tree_add(&set->by_id, &item->by_id, &item->id);
    count_signer(set, &item->signer);
    fingerprint_add(&set->live, &item->id.hash);
    set->generation++;
}

// --- who may say it ------------------------------------------------------------

static int judge_operator(const struct event_set_trust *trust, struct event_set_item *item)
{
    char namespace_name[NAME_ROOM], name[NAME_ROOM];
    bool is_split = name_split_job(item->name, namespace_name, name);
    assert(is_split);
    const struct permission_request request = {.action = SCOPE_TRIGGER,
                                               .namespace_name = namespace_name,
                                               .stamp = item->stamp,
                                               .authority_number = item->authority_number};
    enum permission permission = permission_judge(trust->log, &item->signer, &request);
    item->is_denied = permission != PERMISSION_GRANTED;
    if (permission_is_accepted(permission))
        return 0;
    return permission == PERMISSION_BEHIND ? EVENT_SET_LOG_BEHIND
           : permission == PERMISSION_VOID ? EVENT_SET_VOID
                                           : EVENT_SET_OUT_OF_SCOPE;
}

static int judge(const struct event_set_trust *trust, struct event_set_item *item)
{
    if (!item->is_of_node)
        return judge_operator(trust, item);
    const struct directory_node *node = directory_find(trust->directory, &item->signer);
    item->is_denied = !node || node->is_revoked;
    return node && node->is_revoked ? EVENT_SET_VOID : 0;
}

// --- an event arrives ------------------------------------------------------------

struct arrival {
    const struct event_set_trust *trust;
    struct envelope envelope;
    const struct public_key *key;
    struct event_set_item item; // not in the set yet
    bool is_trusted;            // from our own disk
};

static int read(struct arrival *arrival, struct bytes input)
{
    struct event_record event;
    struct arena arena = {0};
    if (envelope_parse(input, &arrival->envelope) || arrival->envelope.kind != ENVELOPE_EVENT)
        return EVENT_SET_MALFORMED;
    arena_allow(&arena, arrival->envelope.body.size);
    int malformed = event_record_decode(arrival->envelope.body, &arena, &event);
    arena_deinit(&arena); // what is kept does not point there
    if (malformed)
        return EVENT_SET_MALFORMED;
    struct event_set_item *item = &arrival->item;
    item->signer = arrival->envelope.signer;
    item->stamp = event.stamp;
    item->authority_number = event.authority_number;
    item->expires_ms = event.expires_ms;
    name_join_job(event.namespace_name, event.name, item->name);
    int64_t at_ms = stamp_wall_ms(event.stamp);
    bool is_bounded = event.expires_ms > at_ms && event.expires_ms - at_ms <= LIMIT_EVENT_MS_MAX;
    return is_bounded ? 0 : EVENT_SET_MALFORMED;
}

static int identify(const struct event_set *set, struct arrival *arrival)
{
    const struct event_set_trust *trust = arrival->trust;
    const struct authority_log_operator *operator_ =
        authority_log_find_operator(trust->log, &arrival->item.signer);
    const struct directory_node *node =
        operator_ ? NULL : directory_find(trust->directory, &arrival->item.signer);
    if (!operator_ && !node)
        return EVENT_SET_SIGNER_UNKNOWN;
    arrival->item.is_of_node = node != NULL;
    arrival->key = node ? &node->key : &operator_->key;
    arrival->item.id = envelope_id(&arrival->envelope, &trust->log->fleet, arrival->key);
    const struct event_set_item *known = event_set_find(set, &arrival->item.id.hash);
    bool is_same =
        known && (arrival->is_trusted || bytes_equal(buffer_view(&known->envelope), arrival->envelope.whole));
    return is_same ? EVENT_SET_KNOWN : 0;
}

static int find_room(const struct event_set *set, const struct event_set_item *item)
{
    size_t last = surplus(set, &item->signer);
    if (last == SIZE_MAX)
        return 0;
    const struct reconcile_item place = place_of(item), there = place_of(set->items[last]);
    return reconcile_item_compare(&place, &there) < 0 ? 0 : EVENT_SET_FULL;
}

static int verify(const struct event_set *set, const struct arrival *arrival)
{
    struct record_id id;
    if (arrival->is_trusted)
        return 0;
    if (envelope_verify(&arrival->envelope, &arrival->trust->log->fleet, arrival->key, &id))
        return EVENT_SET_FORGED;
    return event_set_find(set, &arrival->item.id.hash) ? EVENT_SET_KNOWN : 0;
}

// With `wall_ms` from a person; without, from a peer or the disk. What costs least comes first.
static int arrive(struct event_set *set, struct arrival *arrival, struct bytes input, const int64_t *wall_ms)
{
    int outcome = read(arrival, input);
    if (!outcome && arrival->item.expires_ms <= set->pruned_ms)
        outcome = EVENT_SET_EXPIRED;
    if (!outcome && wall_ms && arrival->item.stamp > stamp_of_wall_ms(*wall_ms + LIMIT_STAMP_AHEAD_MS))
        outcome = EVENT_SET_AHEAD;
    if (!outcome)
        outcome = identify(set, arrival);
    if (!outcome)
        outcome = find_room(set, &arrival->item);
    if (!outcome)
        outcome = judge(arrival->trust, &arrival->item);
    if (!outcome)
        outcome = verify(set, arrival);
    if (outcome)
        return outcome;
    struct event_set_item *item = base_copy(&arrival->item, sizeof arrival->item);
    buffer_add(&item->envelope, input.data, input.size);
    keep(set, item);
    return 0;
}

int event_set_add(struct event_set *set, const struct event_set_trust *trust, struct bytes envelope,
                  struct record_id *ret_id)
{
    struct arrival arrival = {.trust = trust};
    int outcome = arrive(set, &arrival, envelope, NULL);
    if (outcome == 0 || outcome == EVENT_SET_KNOWN)
        *ret_id = arrival.item.id;
    return outcome;
}

int event_set_submit(struct event_set *set, const struct event_set_trust *trust, struct bytes envelope,
                     int64_t wall_ms, struct record_id *ret_id)
{
    struct arrival arrival = {.trust = trust};
    int outcome = arrive(set, &arrival, envelope, &wall_ms);
    if (outcome == 0 || outcome == EVENT_SET_KNOWN)
        *ret_id = arrival.item.id;
    return outcome;
}

int event_set_restore(struct event_set *set, const struct event_set_trust *trust, struct bytes envelope)
{
    struct arrival arrival = {.trust = trust, .is_trusted = true};
    return arrive(set, &arrival, envelope, NULL);
}

// --- as time goes by -------------------------------------------------------------

void event_set_recheck(struct event_set *set, const struct event_set_trust *trust)
{
    for (size_t i = set->count; i-- > 0;)
        if (judge(trust, set->items[i]) != 0)
            drop_at(set, i);
}

void event_set_prune(struct event_set *set, int64_t wall_ms)
{
    int64_t until_ms = wall_ms - wall_ms % MINUTE_MS;
    if (until_ms <= set->pruned_ms)
        return;
    set->pruned_ms = until_ms;
    for (size_t i = set->count; i-- > 0;)
        if (set->items[i]->expires_ms <= until_ms)
            drop_at(set, i);
}

bool event_set_take_dropped(struct event_set *set, struct record_id *ret_id)
{
    return record_queue_take(&set->dropped, ret_id);
}

struct hash event_set_fingerprint(const struct event_set *set)
{
    return fingerprint_hash(&set->live);
}

struct reconcile_view event_set_live(struct event_set *set)
{
    if (!set->listed || set->listed_generation != set->generation) {
        free(set->listed);
        set->listed = base_alloc(set->count + 1, sizeof *set->listed);
        for (size_t i = 0; i < set->count; i++)
            set->listed[i] = place_of(set->items[i]);
        set->listed_generation = set->generation;
    }
    return (struct reconcile_view){.items = set->listed, .count = set->count};
}

const char *event_set_outcome_text(int outcome)
{
    switch (outcome) {
    case EVENT_SET_KNOWN:
        return "it is here already";
    case EVENT_SET_SIGNER_UNKNOWN:
        return "it is signed by nobody this node knows";
    case EVENT_SET_LOG_BEHIND:
        return "it is signed under a newer authority log";
    case EVENT_SET_OUT_OF_SCOPE:
        return "its signer may not trigger anything in that namespace";
    case EVENT_SET_VOID:
        return "its signer is revoked";
    case EVENT_SET_FORGED:
        return "its signature does not hold";
    case EVENT_SET_MALFORMED:
        return "it is no well-formed event, or would live for more than a day";
    case EVENT_SET_EXPIRED:
        return "it has expired";
    case EVENT_SET_FULL:
        return "too many events have not expired yet; wait, or let them expire sooner";
    case EVENT_SET_AHEAD:
        return "it is stamped ahead of this node's clock";
    default:
        return "";
    }
}
