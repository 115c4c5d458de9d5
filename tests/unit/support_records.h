// support_records.h - keys from fixed seeds and signed records, for tests to use and to bend.
#ifndef TESTS_UNIT_SUPPORT_RECORDS_H
#define TESTS_UNIT_SUPPORT_RECORDS_H

#include "proto/envelope.h"

// Who signs with the key of seed {number, number, ...} in `fleet`; NULL: in none (genesis).
struct envelope_signer support_signer(const struct fleet_id *fleet, uint8_t number);

// The next number of a repeatable sequence (splitmix64); start *state with any seed.
uint64_t support_random(uint64_t *state);

#endif
