#include "tests/unit/support_trust.h"

#include <stdio.h>
#include <string.h>

void support_trust_init(struct support_trust *trust)
{
    *trust = (struct support_trust){.root = support_signer(NULL, SUPPORT_ROOT)};
    struct genesis genesis = {
        .root_keys = &trust->root.key, .root_key_count = 1, .threshold = 1, .name = "test"};
    struct buffer body = {0};
    genesis_encode(&genesis, &body);
    struct record_id id = envelope_sign(&trust->root, ENVELOPE_GENESIS, buffer_view(&body), &trust->genesis);
    buffer_deinit(&body);
    trust->fleet.hash = id.hash;
    trust->root.fleet = trust->fleet;
    support_trust_new_log(trust, &trust->log);
}

void support_trust_deinit(struct support_trust *trust)
{
    authority_log_deinit(&trust->log);
    buffer_deinit(&trust->genesis);
}

void support_trust_new_log(const struct support_trust *trust, struct authority_log *log)
{
    int outcome = authority_log_init(log, buffer_view(&trust->genesis), &trust->fleet);
    assert(outcome == 0);
}

struct scope support_scope_all(void)
{
    static const char *const all[] = {"*"};
    return (struct scope){.namespaces = all,
                          .namespace_count = 1,
                          .actions = all,
                          .action_count = 1,
                          .users = all,
                          .user_count = 1};
}

struct authority_entry support_operator(uint8_t number, const struct scope *scope)
{
    struct authority_entry entry = {.change = AUTHORITY_OPERATOR};
    entry.operator_.key = support_signer(NULL, number).key;
    entry.operator_.scope = *scope;
    snprintf(entry.operator_.name, sizeof entry.operator_.name, "operator-%d", number);
    return entry;
}

struct authority_entry support_revoke(uint8_t number, uint64_t stamp)
{
    struct authority_entry entry = {.change = AUTHORITY_REVOKE};
    entry.revoke.key = support_signer(NULL, number).key;
    entry.revoke.stamp = stamp;
    return entry;
}

struct record_id support_sign_entry(const struct envelope_signer *root, uint64_t number,
                                    const struct hash *previous, struct authority_entry entry,
                                    struct buffer *out)
{
    struct buffer body = {0};
    entry.number = number;
    entry.previous = *previous;
    authority_entry_encode(&entry, &body);
    struct record_id id = envelope_sign(root, ENVELOPE_AUTHORITY, buffer_view(&body), out);
    buffer_deinit(&body);
    return id;
}

struct record_id support_trust_entry(struct support_trust *trust, struct authority_entry entry,
                                     struct buffer *out)
{
    struct authority_log_head head = authority_log_get_head(&trust->log);
    struct buffer envelope = {0};
    uint64_t needed;
    struct record_id id = support_sign_entry(&trust->root, head.number + 1, &head.id.hash, entry, &envelope);
    int outcome = authority_log_add(&trust->log, buffer_view(&envelope), &needed);
    assert(outcome == 0);
    if (out)
        buffer_add(out, envelope.data, envelope.size);
    buffer_deinit(&envelope);
    return id;
}

void support_trust_operators(struct support_trust *trust, size_t count)
{
    struct scope all = support_scope_all();
    for (size_t i = 0; i < count; i++)
        support_trust_entry(trust, support_operator((uint8_t)(SUPPORT_ALICE + i), &all), NULL);
}

uint64_t support_stamp(int64_t ms)
{
    return (uint64_t)(SUPPORT_WALL_MS + ms) << 16;
}

struct record_id support_sign_pause(const struct envelope_signer *signer, const struct pause *pause,
                                    struct buffer *out)
{
    struct buffer body = {0};
    pause_encode(pause, &body);
    struct record_id id = envelope_sign(signer, ENVELOPE_PAUSE, buffer_view(&body), out);
    buffer_deinit(&body);
    return id;
}

struct record_id support_sign_removal(const struct envelope_signer *signer, const struct removal *removal,
                                      struct buffer *out)
{
    struct buffer body = {0};
    removal_encode(removal, &body);
    struct record_id id = envelope_sign(signer, ENVELOPE_DELETE, buffer_view(&body), out);
    buffer_deinit(&body);
    return id;
}

struct record_id support_sign_order(const struct envelope_signer *signer, const struct order *order,
                                    struct buffer *out)
{
    struct buffer body = {0};
    order_encode(order, &body);
    struct record_id id = envelope_sign(signer, ENVELOPE_ORDER, buffer_view(&body), out);
    buffer_deinit(&body);
    return id;
}
