// fuzz_member.c - bodies of alive claims, leaves and suspicions; the first byte is the kind. Kind 0: the
// rest is the text of an address.
#include <string.h>

#include "proto/envelope.h"
#include "proto/member.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round.h"

ROUND(member_alive, member_alive)
ROUND(member_leave, member_leave)
ROUND(member_suspicion, member_suspicion)

static void check_address(struct bytes text)
{
    struct address address, again;
    char printed[ADDRESS_TEXT_ROOM], *copy = base_alloc(1, text.size + 1);
    memcpy(copy, text.data, text.size);
    if (address_parse(copy, 5289, &address)) {
        address_print(&address, printed);
        assert(address_parse(printed, 0, &again) && address_equal(&address, &again));
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes body = bytes_of(data + 1, size - 1);
    switch (data[0]) {
    case 0:
        check_address(body);
        break;
    case ENVELOPE_LEAVE:
        round_member_leave(body);
        break;
    case ENVELOPE_SUSPICION:
        round_member_suspicion(body);
        break;
    default:
        round_member_alive(body);
    }
    return 0;
}
