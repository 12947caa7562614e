/* The Upload-Metadata header on arbitrary bytes: what it reads is what it was given. */
#include "api/upload_metadata.h"

#include "base/encode.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena arena;
    struct upload_metadata metadata;
    struct upload_metadata again;
    struct buffer text;
    arena_init(&arena);
    buffer_init(&text, 1u << 20);
    if (upload_metadata_read(&arena, bytes_of(data, n), &metadata)) {
        for (size_t i = 0; i < metadata.count; i++) {
            if (i > 0)
                buffer_append_u8(&text, ',');
            buffer_append(&text, metadata.pairs[i].key);
            if (metadata.pairs[i].value.n > 0)
                buffer_append_u8(&text, ' ');
            encode_base64(&text, metadata.pairs[i].value);
        }
        assert(upload_metadata_read(&arena, buffer_bytes(&text), &again));
        assert(again.count == metadata.count);
        for (size_t i = 0; i < metadata.count; i++)
            assert(bytes_equal(again.pairs[i].key, metadata.pairs[i].key) &&
                   bytes_equal(again.pairs[i].value, metadata.pairs[i].value));
    }
    buffer_fini(&text);
    arena_fini(&arena);
    return 0;
}
