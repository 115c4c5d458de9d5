// fuzz_ledger.c - bodies of claims, results, verdicts, cursors and log segments; the first byte is the kind.
#include "proto/envelope.h"
#include "proto/ledger.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round.h"

ROUND_LIST(ledger_claim, ledger_claims)
ROUND_LIST(ledger_result, ledger_results)
ROUND_LIST(ledger_verdict, ledger_verdicts)
ROUND_LIST(ledger_cursor, ledger_cursors)
ROUND_LIST(ledger_segment, ledger_segments)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data + (size > 0), size - (size > 0));
    switch (size ? data[0] : 0) {
    case ENVELOPE_CLAIM:
        round_ledger_claims(body);
        break;
    case ENVELOPE_RESULT:
        round_ledger_results(body);
        break;
    case ENVELOPE_VERDICT:
        round_ledger_verdicts(body);
        break;
    case ENVELOPE_CURSOR:
        round_ledger_cursors(body);
        break;
    default:
        round_ledger_segments(body);
    }
    return 0;
}
