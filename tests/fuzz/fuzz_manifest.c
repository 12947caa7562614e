/* Any bytes as the plaintext of a letter, in pieces whose size is the first byte. */
#include "fuzz.h"

#include "envelope/manifest.h"

/* What was read and is written anew reads as the same. */
static void check_rewrite(const struct manifest *m)
{
    struct arena arena = {0};
    struct buffer out;
    struct manifest again;
    buffer_init(&out, MANIFEST_PREFIX_BYTES + MANIFEST_MAX_BYTES);
    fuzz_require(manifest_write(m, &out) == ERR_OK);
    struct bytes json = bytes_slice(buffer_bytes(&out), MANIFEST_PREFIX_BYTES, SIZE_MAX);
    fuzz_require(manifest_parse(&arena, json, &again) == ERR_OK);
    fuzz_require(again.has_text == m->has_text && bytes_equal(again.text, m->text));
    fuzz_require(again.has_file == m->has_file && bytes_equal(again.file_name, m->file_name));
    fuzz_require(bytes_equal(again.media_type, m->media_type));
    fuzz_require(again.has_file_size == m->has_file_size &&
                 again.file_size_bytes == m->file_size_bytes);
    fuzz_require(again.has_sent_at == m->has_sent_at &&
                 again.sent_at_unix_ms == m->sent_at_unix_ms);
    buffer_fini(&out);
    arena_fini(&arena);
}

static void read_letter(struct manifest_splitter *splitter, struct bytes plaintext, size_t piece)
{
    uint64_t file_bytes = 0;
    for (size_t at = 0; at < plaintext.n; at += piece) {
        struct bytes file;
        if (manifest_splitter_push(splitter, bytes_slice(plaintext, at, piece), &file) != ERR_OK)
            return;
        file_bytes += file.n;
    }
    struct bytes json;
    if (!manifest_splitter_json(splitter, &json))
        return;
    uint64_t expected = 0;
    fuzz_require(manifest_file_size(plaintext.n, json.n, &expected) == ERR_OK);
    fuzz_require(file_bytes == expected);
    struct arena arena = {0};
    struct manifest m;
    if (manifest_parse(&arena, json, &m) == ERR_OK)
        check_rewrite(&m);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes plaintext = bytes_of(data, size);
    size_t piece = fuzz_take_byte(&plaintext) + 1u;
    struct manifest_splitter splitter;
    manifest_splitter_init(&splitter);
    read_letter(&splitter, plaintext, piece);
    manifest_splitter_fini(&splitter);
    return 0;
}
