// fuzz_instant.c - any text as an instant: refused with a reason, or printed as one that means the same.
#include <stdlib.h>
#include <string.h>

#include "node/core/trigger/instant.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = base_alloc(1, size + 1);
    char printed[INSTANT_TEXT_SIZE];
    struct instant first, again;
    struct trigger_error error;
    if (size)
        memcpy(text, data, size);
    if (instant_parse(text, zone_utc(), &first, &error)) {
        instant_print(first.ms, printed);
        assert(instant_parse(printed, zone_utc(), &again, &error) && again.ms == first.ms);
    } else {
        assert(error.column >= 1 && error.column <= strlen(text) + 1 && strlen(error.text) > 0);
    }
    free(text);
    return 0;
}
