// fuzz_envelope.c - any bytes as a signed record: refused, or the header is what the bytes say; forged in any
// case.
#include "proto/envelope.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fleet_id fleet = {{{1}}};
    static const uint8_t seed[32] = {2};
    struct envelope envelope;
    struct record_id id;
    struct public_key key;
    struct secret_key secret;
    if (envelope_parse(bytes_of(data, size), &envelope) != 0)
        return 0;
    assert(size <= LIMIT_RECORD_SIZE_MAX);
    assert(envelope.whole.data == data && envelope.whole.size == size);
    assert(envelope.kind == data[0] && envelope.version == ENVELOPE_VERSION);
    assert(envelope.body.size == size - ENVELOPE_HEADER_SIZE);
    envelope_keypair(seed, &key, &secret);
    assert(envelope_verify(&envelope, &fleet, &key, &id) != 0); // its signer's id can be guessed, its key not
    envelope.signer = node_id_of(&key);
    assert(envelope_verify(&envelope, &fleet, &key, &id) == ENVELOPE_FORGED);
    return 0;
}
