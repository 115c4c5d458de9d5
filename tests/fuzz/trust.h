// trust.h - keys and envelopes from nothing but small numbers, for fuzz targets that need a fleet.
#ifndef TESTS_FUZZ_TRUST_H
#define TESTS_FUZZ_TRUST_H

#include "crdt/authority_log.h"

#include <string.h>

// The key pair of seed {number, number, ...}, number < 8; made once, for targets run thousands of times.
static inline struct envelope_signer trust_signer(const struct fleet_id *fleet, uint8_t number)
{
    static struct envelope_signer signers[8];
    static bool is_made[8];
    struct envelope_signer *signer = &signers[number];
    uint8_t seed[32];
    if (!is_made[number]) {
        memset(seed, number, sizeof seed);
        envelope_keypair(seed, &signer->key, &signer->secret);
        is_made[number] = true;
    }
    signer->fleet = *fleet;
    return *signer;
}

// A genesis by the root key of seed 1, appended to `out`; returns the fleet id.
static inline struct fleet_id trust_genesis(struct buffer *out)
{
    static const struct fleet_id none;
    struct envelope_signer root = trust_signer(&none, 1);
    struct genesis genesis = {.root_keys = &root.key, .root_key_count = 1, .threshold = 1, .name = "fuzz"};
    struct buffer body = {0};
    genesis_encode(&genesis, &body);
    struct record_id id = envelope_sign(&root, ENVELOPE_GENESIS, buffer_view(&body), out);
    buffer_deinit(&body);
    return (struct fleet_id){id.hash};
}

static inline struct authority_entry trust_operator(uint8_t number)
{
    static const char *const all[] = {"*"};
    static const struct fleet_id none;
    struct authority_entry entry = {.change = AUTHORITY_OPERATOR};
    entry.operator_.key = trust_signer(&none, number).key;
    entry.operator_.scope = (struct scope){all, 1, {0}, all, 1, all, 1};
    memcpy(entry.operator_.name, "somebody", 9);
    return entry;
}

static inline struct authority_entry trust_revoke(uint8_t number, uint64_t stamp)
{
    static const struct fleet_id none;
    struct authority_entry entry = {.change = AUTHORITY_REVOKE};
    entry.revoke.key = trust_signer(&none, number).key;
    entry.revoke.stamp = stamp;
    return entry;
}

static inline struct record_id trust_sign_entry(const struct fleet_id *fleet, struct authority_entry entry,
                                                struct buffer *out)
{
    struct envelope_signer root = trust_signer(fleet, 1);
    struct buffer body = {0};
    authority_entry_encode(&entry, &body);
    struct record_id id = envelope_sign(&root, ENVELOPE_AUTHORITY, buffer_view(&body), out);
    buffer_deinit(&body);
    return id;
}

#endif
