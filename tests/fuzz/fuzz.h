/* What every fuzz target needs. */
#ifndef LETTERLOCK_TESTS_FUZZ_FUZZ_H
#define LETTERLOCK_TESTS_FUZZ_FUZZ_H

#include "base/bytes.h"

#include <stdlib.h>

/* libFuzzer's entry point (https://llvm.org/docs/LibFuzzer.html). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property of the code under test does not hold: a finding. */
static inline void fuzz_require(bool holds)
{
    if (!holds)
        abort();
}

/* Takes a byte off the front of the input, 0 when it is empty. */
static inline uint8_t fuzz_take_byte(struct bytes *input)
{
    uint8_t byte = input->n > 0 ? input->p[0] : 0;
    *input = bytes_slice(*input, 1, SIZE_MAX);
    return byte;
}

#endif
