/* Any bytes as a serialised encryption context. */
#include "fuzz.h"

#include "envelope/encryption_context.h"

/* What was accepted is the one form of its pairs: written anew it is the same bytes, when it is a
 * set that we would write at all. */
static void check_canonical(struct bytes aad)
{
    struct encryption_context context = {0};
    struct encryption_context_walk walk = encryption_context_walk_of(aad);
    struct encryption_context_pair pair;
    while (encryption_context_next(&walk, &pair)) {
        struct bytes value;
        fuzz_require(encryption_context_find(aad, pair.name, &value));
        fuzz_require(bytes_equal(value, pair.value));
        if (encryption_context_add(&context, pair.name, pair.value) != ERR_OK)
            return;
    }
    struct buffer out;
    buffer_init(&out, ENCRYPTION_CONTEXT_MAX_BYTES);
    encryption_context_write(&context, &out);
    fuzz_require(bytes_equal(buffer_bytes(&out), aad));
    fuzz_require(encryption_context_require(aad, &context, NULL) == ERR_OK);
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes aad = bytes_of(data, size);
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    enum err e = encryption_context_check(aad, &reason);
    fuzz_require((e == ERR_OK) == (reason == ENVELOPE_REASON_NONE));
    if (e == ERR_OK)
        check_canonical(aad);
    return 0;
}
