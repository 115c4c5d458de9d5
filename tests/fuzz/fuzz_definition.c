// fuzz_definition.c - bodies of definitions.
#include "proto/definition.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round.h"

ROUND(definition, definition)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    round_definition(bytes_of(data, size));
    return 0;
}
