// fuzz_change.c - bodies of pauses, deletes, orders and events; the first byte is the kind.
#include "proto/change.h"
#include "proto/envelope.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round.h"

ROUND(pause, pause)
ROUND(removal, removal)
ROUND(order, order)
ROUND(event_record, event_record)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data + (size > 0), size - (size > 0));
    switch (size ? data[0] : 0) {
    case ENVELOPE_PAUSE:
        round_pause(body);
        break;
    case ENVELOPE_DELETE:
        round_removal(body);
        break;
    case ENVELOPE_ORDER:
        round_order(body);
        break;
    default:
        round_event_record(body);
    }
    return 0;
}
