// evidence_feed.c - one record from the network process: judged, then raised or refused.
#include <string.h>

#include "crdt/scope.h"
#include "node/io/runner/evidence.h"

enum { OTHER_RECORD_COUNT_MAX = 16384 };

static void refuse(struct evidence_answer *answer, const char *why)
{
    answer->ok = false;
    reason_set(&answer->reason, "%s", why);
}

static int refuse_disk(struct evidence_answer *answer, int error)
{
    answer->ok = false;
    reason_set(&answer->reason, "cannot be written: %s", strerror(-error));
    return error;
}

static const struct public_key *find_key(const struct evidence *evidence, const struct node_id *signer)
{
    const struct public_key *key = authority_log_find_key(&evidence->authority, signer);
    const struct directory_node *node = key ? NULL : evidence_node(evidence, signer);
    return key ? key : node ? &node->key : NULL;
}

// --- who may sign, and who this node is --------------------------------------

static int feed_authority(struct evidence *evidence, const struct envelope *envelope,
                          struct evidence_answer *answer)
{
    uint64_t needed;
    int outcome = authority_log_add(&evidence->authority, envelope->whole, &needed);
    if (outcome == AUTHORITY_LOG_KNOWN)
        return 0;
    if (outcome != 0 && outcome != AUTHORITY_LOG_FORK) {
        refuse(answer, authority_log_outcome_text(outcome));
        return 0;
    }
    int r = applog_append(&evidence->authority_file, envelope->whole);
    directory_recheck(&evidence->directory, &evidence->authority);
    directory_recheck(&evidence->others, &evidence->authority);
    if (r == 0)
        r = floors_recheck(&evidence->floors, &evidence->authority);
    return r == 0 ? 0 : refuse_disk(answer, r);
}

// A node record of an operator about this node.
static bool is_about_us(const struct evidence *evidence, const struct envelope *envelope)
{
    const struct public_key *key = authority_log_find_key(&evidence->authority, &envelope->signer);
    struct record_id id;
    struct node_record record;
    struct arena arena = {0};
    if (envelope->kind != ENVELOPE_NODE || !key ||
        envelope_verify(envelope, &evidence->pin.fleet, key, &id) != 0)
        return false;
    arena_allow(&arena, envelope->body.size);
    bool ours = node_record_decode(envelope->body, &arena, &record) == 0 &&
                memcmp(&record.node_key, &evidence->pin.node_key, sizeof record.node_key) == 0;
    arena_deinit(&arena);
    return ours;
}

// What proves other nodes is shown again with each event of theirs, so it may be forgotten at any time.
static void feed_other(struct evidence *evidence, const struct envelope *envelope)
{
    if (evidence->others.records.count >= OTHER_RECORD_COUNT_MAX) {
        directory_deinit(&evidence->others);
        directory_init(&evidence->others);
    }
    (void)!directory_add(&evidence->others, &evidence->authority, envelope->whole);
    struct record_id dropped;
    while (directory_take_dropped(&evidence->others, &dropped)) {
        // nothing of it is on disk
    }
}

static int feed_node(struct evidence *evidence, const struct envelope *envelope,
                     struct evidence_answer *answer)
{
    feed_other(evidence, envelope);
    if (evidence_self(evidence) && !is_about_us(evidence, envelope))
        return 0; // it says nothing about us
    int outcome = directory_add(&evidence->directory, &evidence->authority, envelope->whole);
    if (outcome == DIRECTORY_KNOWN || outcome == DIRECTORY_OUTDATED)
        return 0;
    if (outcome != 0) {
        refuse(answer, directory_outcome_text(outcome));
        return 0;
    }
    int r = applog_append(&evidence->node_file, envelope->whole);
    return r == 0 ? 0 : refuse_disk(answer, r);
}

// --- jobs --------------------------------------------------------------------

// Signature and record id. False: refused.
static bool verify(const struct evidence *evidence, const struct envelope *envelope,
                   struct evidence_answer *answer)
{
    const struct public_key *key = authority_log_find_key(&evidence->authority, &envelope->signer);
    struct record_id id;
    int outcome = key ? envelope_verify(envelope, &evidence->pin.fleet, key, &id) : 0;
    if (!key)
        refuse(answer, permission_text(PERMISSION_UNKNOWN));
    else if (outcome != 0)
        refuse(answer, envelope_outcome_text(outcome));
    return key && outcome == 0;
}

static bool is_permitted(const struct evidence *evidence, const struct envelope *envelope,
                         const struct permission_request *request, bool or_void,
                         struct evidence_answer *answer)
{
    enum permission permission = permission_judge(&evidence->authority, &envelope->signer, request);
    bool accepted = permission_is_accepted(permission) || (or_void && permission == PERMISSION_VOID);
    if (!accepted)
        refuse(answer, permission_text(permission));
    return accepted;
}

static int finish(struct evidence_answer *answer, int outcome)
{
    if (outcome < 0)
        return refuse_disk(answer, outcome);
    if (outcome == FLOORS_FULL)
        refuse(answer, "the runner keeps no more names or pauses");
    return 0;
}

static int raise_definition(struct evidence *evidence, const struct envelope *envelope,
                            const struct definition *definition, struct evidence_answer *answer)
{
    const struct permission_request request = {.action = SCOPE_DEFINE,
                                               .namespace_name = definition->namespace_name,
                                               .user = definition->user,
                                               .stamp = definition->stamp,
                                               .authority_number = definition->authority_number};
    if (!is_permitted(evidence, envelope, &request, false, answer))
        return 0;
    const struct floors_signed by = {answer->record, envelope->signer};
    int outcome = floors_define(&evidence->floors, definition, &by);
    if (outcome >= 0)
        definition_cache_add(&evidence->definitions, &answer->record, envelope);
    return finish(answer, outcome);
}

// The definition in force is believed by its id: that is the hash of what was signed and checked before.
static int feed_definition(struct evidence *evidence, const struct envelope *envelope,
                           struct evidence_answer *answer)
{
    struct definition definition;
    struct arena arena = {0};
    bool known = floors_has_definition(&evidence->floors, &answer->record);
    int r = 0;
    if (!known && !verify(evidence, envelope, answer))
        return 0;
    arena_allow(&arena, envelope->body.size);
    if (definition_decode(envelope->body, &arena, &definition) != 0)
        refuse(answer, "the definition is malformed");
    else if (known)
        definition_cache_add(&evidence->definitions, &answer->record, envelope);
    else
        r = raise_definition(evidence, envelope, &definition, answer);
    arena_deinit(&arena);
    return r;
}

static int raise_pause(struct evidence *evidence, const struct envelope *envelope, const struct pause *pause,
                       struct evidence_answer *answer)
{
    const struct permission_request request = {.action = SCOPE_PAUSE,
                                               .namespace_name = pause->namespace_name,
                                               .stamp = pause->stamp,
                                               .authority_number = pause->authority_number};
    // What stops a job keeps stopping it, whatever became of its signer.
    if (!is_permitted(evidence, envelope, &request, pause->lift_count == 0, answer))
        return 0;
    const struct floors_signed by = {answer->record, envelope->signer};
    return finish(answer, floors_pause(&evidence->floors, pause, &by));
}

static int feed_pause(struct evidence *evidence, const struct envelope *envelope,
                      struct evidence_answer *answer)
{
    struct pause pause;
    struct arena arena = {0};
    int r = 0;
    if (!verify(evidence, envelope, answer))
        return 0;
    arena_allow(&arena, envelope->body.size);
    if (pause_decode(envelope->body, &arena, &pause) != 0)
        refuse(answer, "the pause is malformed");
    else
        r = raise_pause(evidence, envelope, &pause, answer);
    arena_deinit(&arena);
    return r;
}

static int feed_delete(struct evidence *evidence, const struct envelope *envelope,
                       struct evidence_answer *answer)
{
    struct removal removal;
    struct arena arena = {0};
    if (!verify(evidence, envelope, answer))
        return 0;
    arena_allow(&arena, envelope->body.size);
    int malformed = removal_decode(envelope->body, &arena, &removal);
    arena_deinit(&arena); // nothing in it points there
    if (malformed) {
        refuse(answer, "the delete is malformed");
        return 0;
    }
    const struct permission_request request = {.action = SCOPE_DEFINE,
                                               .namespace_name = removal.namespace_name,
                                               .stamp = removal.stamp,
                                               .authority_number = removal.authority_number};
    if (!is_permitted(evidence, envelope, &request, true, answer))
        return 0;
    return finish(answer, floors_delete(&evidence->floors, &removal));
}

static bool is_target(const struct evidence *evidence, const struct order *order)
{
    for (size_t i = 0; i < order->target_count; i++)
        if (node_id_equal(&order->targets[i], &evidence->self))
            return true;
    return order->target_count == 0;
}

static void keep_order(struct evidence *evidence, const struct envelope *envelope, const struct order *order,
                       struct evidence_answer *answer)
{
    const struct permission_request request = {.action = SCOPE_TRIGGER,
                                               .namespace_name = order->namespace_name,
                                               .stamp = order->stamp,
                                               .authority_number = order->authority_number};
    struct orders_item item = {.id = answer->record,
                               .signer = envelope->signer,
                               .life = order->life,
                               .is_for_me = is_target(evidence, order),
                               .not_before_ms = order->not_before_ms,
                               .not_after_ms = order->not_after_ms,
                               .from_ms = order->from_ms,
                               .until_ms = order->until_ms,
                               .stamp = order->stamp,
                               .authority_number = order->authority_number};
    if (!is_permitted(evidence, envelope, &request, false, answer) || order->action != ORDER_RUN)
        return;
    memcpy(item.namespace_name, order->namespace_name, sizeof item.namespace_name);
    memcpy(item.name, order->name, sizeof item.name);
    orders_add(&evidence->orders, &item);
}

static int feed_order(struct evidence *evidence, const struct envelope *envelope,
                      struct evidence_answer *answer)
{
    struct order order;
    struct arena arena = {0};
    if (!verify(evidence, envelope, answer))
        return 0;
    arena_allow(&arena, envelope->body.size);
    if (order_decode(envelope->body, &arena, &order) != 0)
        refuse(answer, "the order is malformed");
    else
        keep_order(evidence, envelope, &order, answer);
    arena_deinit(&arena);
    return 0;
}

static int keep_event(struct evidence *evidence, const struct envelope *envelope, bool is_of_node,
                      struct evidence_answer *answer)
{
    struct arena arena = {0};
    struct events_item item = {.id = answer->record, .signer = envelope->signer, .is_of_node = is_of_node};
    arena_allow(&arena, envelope->body.size);
    if (event_record_decode(envelope->body, &arena, &item.event) != 0)
        refuse(answer, "the event is malformed");
    else
        events_add(&evidence->events, &item);
    arena_deinit(&arena);
    return 0;
}

// Whether its signer may trigger anything is judged when something starts because of it.
static int feed_event(struct evidence *evidence, const struct envelope *envelope,
                      struct evidence_answer *answer)
{
    bool is_of_operator = authority_log_find_operator(&evidence->authority, &envelope->signer) != NULL;
    const struct directory_node *node = is_of_operator ? NULL : evidence_node(evidence, &envelope->signer);
    const struct public_key *key = find_key(evidence, &envelope->signer);
    struct record_id id;
    if (!key || (!is_of_operator && !node)) {
        refuse(answer, permission_text(PERMISSION_UNKNOWN));
        return 0;
    }
    int outcome = envelope_verify(envelope, &evidence->pin.fleet, key, &id);
    if (outcome != 0) {
        refuse(answer, envelope_outcome_text(outcome));
        return 0;
    }
    return keep_event(evidence, envelope, node != NULL, answer);
}

// Part of the feed, but nothing in this build starts because of it.
static int feed_nothing(struct evidence *evidence, const struct envelope *envelope,
                        struct evidence_answer *answer)
{
    (void)evidence;
    (void)envelope;
    (void)answer;
    return 0;
}

typedef int feeder(struct evidence *evidence, const struct envelope *envelope,
                   struct evidence_answer *answer);
static const struct {
    uint8_t kind;
    feeder *feed;
} FEEDERS[] = {
    {ENVELOPE_GENESIS, feed_nothing},
    {ENVELOPE_AUTHORITY, feed_authority},
    {ENVELOPE_INVITE, feed_node},
    {ENVELOPE_ADMISSION, feed_node},
    {ENVELOPE_KEYS, feed_node},
    {ENVELOPE_NODE, feed_node},
    {ENVELOPE_DEFINITION, feed_definition},
    {ENVELOPE_PAUSE, feed_pause},
    {ENVELOPE_DELETE, feed_delete},
    {ENVELOPE_ORDER, feed_order},
    {ENVELOPE_GRANT, feed_nothing},
    {ENVELOPE_RESULT, feed_nothing},
    {ENVELOPE_EVENT, feed_event},
};

int evidence_feed(struct evidence *evidence, struct bytes bytes, struct evidence_answer *ret_answer)
{
    struct evidence_answer answer = {.ok = true};
    struct envelope envelope;
    int r = 0, malformed = envelope_parse(bytes, &envelope);
    feeder *feed = NULL;
    for (size_t i = 0; !malformed && i < COUNT_OF(FEEDERS); i++)
        if (FEEDERS[i].kind == envelope.kind)
            feed = FEEDERS[i].feed;
    const struct public_key *key = feed ? find_key(evidence, &envelope.signer) : NULL;
    if (key)
        answer.record = envelope_id(&envelope, &evidence->pin.fleet, key).hash;
    if (malformed)
        refuse(&answer, envelope_outcome_text(malformed));
    else if (!feed)
        refuse(&answer, "records of its kind are not for the runner");
    else
        r = feed(evidence, &envelope, &answer);
    *ret_answer = answer;
    return r;
}
