#include "api/upload_metadata.h"

#include "base/encode.h"

static bool is_key(struct bytes key)
{
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] <= 0x20 || key.p[i] >= 0x7f)
            return false;
    return key.n > 0;
}

static bool read_pair(struct arena *arena, struct bytes text, struct upload_metadata *out)
{
    size_t space = bytes_find(text, ' ', 0);
    struct bytes key = bytes_slice(text, 0, space);
    struct bytes value = {0};

    if (space != SIZE_MAX && space + 1 < text.n &&
        !encode_base64_decode(arena, bytes_slice(text, space + 1, SIZE_MAX), &value))
        return false;
    if (!is_key(key) || out->count == UPLOAD_METADATA_PAIRS_MAX)
        return false;
    for (size_t i = 0; i < out->count; i++) {

        if (bytes_equal(out->pairs[i].key, key))
            return false;
    }
    out->pairs[out->count].key = key;
    out->pairs[out->count].value = value;
    out->count++;
    return true;
}

bool upload_metadata_read(struct arena *arena, struct bytes header, struct upload_metadata *out)
{
    struct bytes rest = bytes_trim(header);
    out->count = 0;
    if (rest.n == 0)
        return true;
    for (;;) {
        size_t comma = bytes_find(rest, ',', 0);
        if (!read_pair(arena, bytes_trim(bytes_slice(rest, 0, comma)), out))
            return false;
        if (comma == SIZE_MAX)
            return true;
        rest = bytes_slice(rest, comma + 1, SIZE_MAX);
    }
}

bool upload_metadata_get(const struct upload_metadata *metadata, const char *key,
                         struct bytes *value)
{
    *value = (struct bytes){0};
    for (size_t i = 0; i < metadata->count; i++) {
        if (bytes_equal_str(metadata->pairs[i].key, key)) {
            *value = metadata->pairs[i].value;
            return true;
        }
    }
    return false;
}
