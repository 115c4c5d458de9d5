// support_records.h - keys from fixed seeds and signed records, for tests to use and to bend.
#ifndef TESTS_UNIT_SUPPORT_RECORDS_H
#define TESTS_UNIT_SUPPORT_RECORDS_H

#include "proto/definition.h"
#include "proto/envelope.h"

// Who signs with the key of seed {number, number, ...} in `fleet`; NULL: in none (genesis).
struct envelope_signer support_signer(const struct fleet_id *fleet, uint8_t number);

#define SUPPORT_WALL_MS 1790000000000LL // 2026-09-21, when all of this was signed

// main/NAME: runs /bin/true as nobody, every minute in UTC. Points to constants only.
struct definition support_definition(const char *name);
// Appends the signed definition to `out`.
struct record_id support_sign_definition(const struct envelope_signer *signer,
                                         const struct definition *definition, struct buffer *out);

// The next number of a repeatable sequence (splitmix64); start *state with any seed.
uint64_t support_random(uint64_t *state);

#endif
