#include "cmocka_all.h"

#include "base/mem.h"
#include "envelope/manifest.h"

#include <string.h>

#define TEXT "Grüße, \"Welt\"\n"
#define NAME "../../etc/passwd 名前.txt"
#define MEDIA_TYPE "text/plain"

static const struct manifest full = {
    .has_text = true,
    .text = {(const uint8_t *)TEXT, sizeof TEXT - 1},
    .has_file = true,
    .file_name = {(const uint8_t *)NAME, sizeof NAME - 1},
    .media_type = {(const uint8_t *)MEDIA_TYPE, sizeof MEDIA_TYPE - 1},
    .has_file_size = true,
    .file_size_bytes = (uint64_t)1 << 40,
    .has_sent_at = true,
    .sent_at_unix_ms = 1795615800123,
};

static void check_equal(const struct manifest *a, const struct manifest *b)
{
    assert_int_equal(a->has_text, b->has_text);
    assert_true(bytes_equal(a->text, b->text));
    assert_int_equal(a->has_file, b->has_file);
    assert_true(bytes_equal(a->file_name, b->file_name));
    assert_true(bytes_equal(a->media_type, b->media_type));
    assert_int_equal(a->has_file_size, b->has_file_size);
    assert_int_equal(a->file_size_bytes, b->file_size_bytes);
    assert_int_equal(a->has_sent_at, b->has_sent_at);
    assert_int_equal(a->sent_at_unix_ms, b->sent_at_unix_ms);
}

/* Writes a manifest and file bytes, and takes both apart again from pieces of the given size. */
static void check_split(const struct manifest *m, struct bytes file, size_t piece)
{
    struct arena arena = {0};
    struct buffer plaintext;
    struct buffer back;
    buffer_init(&plaintext, 1u << 20);
    buffer_init(&back, 1u << 20);
    assert_int_equal(manifest_write(m, &plaintext), ERR_OK);
    buffer_append(&plaintext, file);
    struct manifest_splitter splitter;
    manifest_splitter_init(&splitter);
    struct bytes json;
    for (size_t at = 0; at < plaintext.n; at += piece) {
        struct bytes part;
        struct bytes in = bytes_slice(buffer_bytes(&plaintext), at, piece);
        assert_int_equal(manifest_splitter_push(&splitter, in, &part), ERR_OK);
        buffer_append(&back, part);
        assert_true(back.n == 0 || manifest_splitter_json(&splitter, &json));
    }
    assert_true(manifest_splitter_json(&splitter, &json));
    assert_true(bytes_equal(buffer_bytes(&back), file));
    struct manifest read;
    assert_int_equal(manifest_parse(&arena, json, &read), ERR_OK);
    check_equal(&read, m);
    uint64_t size;
    assert_int_equal(manifest_file_size(plaintext.n, json.n, &size), ERR_OK);
    assert_int_equal(size, file.n);
    assert_int_equal(manifest_file_size(json.n + 3, json.n, &size), ERR_SEALED_INVALID);
    manifest_splitter_fini(&splitter);
    buffer_fini(&plaintext);
    buffer_fini(&back);
    arena_fini(&arena);
}

static void splits_in_every_way(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 3, 4, 5, 100, 1000, SIZE_MAX / 2};
    struct manifest text_only = {.has_text = true, .text = full.text};
    struct manifest nothing = {0};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        check_split(&full, BYTES_LIT("the file, or its beginning"), pieces[i]);
        check_split(&full, (struct bytes){0}, pieces[i]);
        check_split(&text_only, (struct bytes){0}, pieces[i]);
        check_split(&nothing, (struct bytes){0}, pieces[i]);
    }
}

static enum err write(const struct manifest *m)
{
    struct buffer out;
    buffer_init(&out, MANIFEST_MAX_BYTES + MANIFEST_PREFIX_BYTES);
    enum err e = manifest_write(m, &out);
    buffer_fini(&out);
    return e;
}

static void writer_refuses(void **state)
{
    (void)state;
    char *big = mem_alloc(MANIFEST_MAX_TEXT_BYTES + 1);
    memset(big, 'x', MANIFEST_MAX_TEXT_BYTES + 1);
    struct manifest m = {.has_text = true, .text = bytes_of(big, MANIFEST_MAX_TEXT_BYTES)};
    assert_int_equal(write(&m), ERR_OK);
    m.text.n++;
    assert_int_equal(write(&m), ERR_TEXT_TOO_LONG);
    /* Escapes count: the manifest has a ceiling of its own. */
    memset(big, '\n', MANIFEST_MAX_TEXT_BYTES);
    m.text.n = MANIFEST_MAX_TEXT_BYTES;
    assert_int_equal(write(&m), ERR_TEXT_TOO_LONG);
    m.text = BYTES_LIT("\xff");
    assert_int_equal(write(&m), ERR_INVALID_FIELD);
    m.text = BYTES_LIT("a\0b");
    assert_int_equal(write(&m), ERR_INVALID_FIELD);
    m = full;
    m.file_name = (struct bytes){0};
    assert_int_equal(write(&m), ERR_INVALID_FIELD);
    m.file_name = bytes_of(big, MANIFEST_MAX_NAME_BYTES + 1);
    assert_int_equal(write(&m), ERR_INVALID_FIELD);
    m.file_name = bytes_of(big, MANIFEST_MAX_NAME_BYTES);
    assert_int_equal(write(&m), ERR_OK);
    m.media_type = BYTES_LIT("\xed\xa0\x80");
    assert_int_equal(write(&m), ERR_INVALID_FIELD);
    mem_free(big);
}

static void reader_refuses(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "[]",
        "\"x\"",
        "{",
        "{}x",
        "{\"text\":1}",
        "{\"text\":null}",
        "{\"text\":\"\\u0000\"}",
        "{\"text\":\"\xff\"}",
        "{\"text\":\"a\",\"text\":\"b\"}",
        "{\"file\":\"x\"}",
        "{\"file\":{}}",
        "{\"file\":{\"name\":\"a\"}}",
        "{\"file\":{\"name\":\"\",\"media_type\":\"a/b\"}}",
        "{\"file\":{\"name\":\"a\",\"media_type\":7}}",
        "{\"file\":{\"name\":\"a\",\"media_type\":\"a/b\",\"size\":-1}}",
        "{\"file\":{\"name\":\"a\",\"media_type\":\"a/b\",\"size\":\"1\"}}",
        "{\"file\":{\"name\":\"a\",\"media_type\":\"a/b\",\"size\":1.5}}",
        "{\"file\":{\"name\":\"a\",\"media_type\":\"a/b\",\"size\":99999999999999999999}}",
        "{\"sent_at_ms\":\"now\"}",
    };
    struct arena arena = {0};
    struct manifest m;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(manifest_parse(&arena, bytes_of_str(refused[i]), &m), ERR_SEALED_INVALID);
    }
    assert_int_equal(manifest_parse(&arena, BYTES_LIT("{\"text\":\"hi\",\"later\":[1]}"), &m),
                     ERR_OK);
    assert_true(bytes_equal_str(m.text, "hi"));
    arena_fini(&arena);
}

static void splitter_refuses_lengths(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"\0\0\0\0", "\0\5\0\1", "\xff\xff\xff\xff"};
    for (size_t i = 0; i < 3; i++) {
        struct manifest_splitter splitter;
        struct bytes file;
        manifest_splitter_init(&splitter);
        assert_int_equal(manifest_splitter_push(&splitter, bytes_of(prefixes[i], 4), &file),
                         ERR_SEALED_INVALID);
        manifest_splitter_fini(&splitter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_in_every_way),
        cmocka_unit_test(writer_refuses),
        cmocka_unit_test(reader_refuses),
        cmocka_unit_test(splitter_refuses_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
