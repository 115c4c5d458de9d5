// fuzz.h - what every fuzz target has: one function that takes an input and must survive it.
//
// With the fuzz preset libFuzzer calls it; in the other presets tests/fuzz/replay.c calls it with each
// file of tests/fuzz/corpus/<target>/ and with deterministic mutations of them, as an ordinary test.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
