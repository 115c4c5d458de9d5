// fuzz_authority.c - bodies of the records of trust; the first byte is the kind.
#include "proto/authority.h"
#include "proto/envelope.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round.h"

ROUND(genesis, genesis)
ROUND(authority_entry, authority_entry)
ROUND(invite, invite)
ROUND(admission, admission)
ROUND(node_keys, node_keys)
ROUND(node_record, node_record)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data + (size > 0), size - (size > 0));
    switch (size ? data[0] : 0) {
    case ENVELOPE_GENESIS:
        round_genesis(body);
        break;
    case ENVELOPE_AUTHORITY:
        round_authority_entry(body);
        break;
    case ENVELOPE_INVITE:
        round_invite(body);
        break;
    case ENVELOPE_ADMISSION:
        round_admission(body);
        break;
    case ENVELOPE_KEYS:
        round_node_keys(body);
        break;
    default:
        round_node_record(body);
    }
    return 0;
}
