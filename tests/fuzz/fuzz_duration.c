// fuzz_duration.c - any text as a duration: refused with a reason, or printed as one that means the same.
#include <stdlib.h>
#include <string.h>

#include "node/core/trigger/duration.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = base_alloc(1, size + 1);
    char printed[DURATION_TEXT_SIZE];
    uint64_t first_ms, again_ms;
    struct trigger_error error;
    if (size)
        memcpy(text, data, size);
    if (duration_parse(text, &first_ms, &error)) {
        duration_print(first_ms, printed);
        assert(duration_parse(printed, &again_ms, &error) && again_ms == first_ms);
    } else {
        assert(error.column >= 1 && error.column <= strlen(text) + 1 && strlen(error.text) > 0);
    }
    free(text);
    return 0;
}
