#include "base/json.h"
#include "base/json_flat.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* What the flat reader takes, Jansson takes with the same values. Gives whether it was taken. */
static bool compare_readers(struct bytes text)
{
    struct arena arena = {0};
    struct json_flat flat;
    bool taken = json_flat_read(&arena, text, &flat);
    json_t *object = taken ? json_parse_object(text) : NULL;
    assert_true(!taken || object != NULL);
    assert_true(!taken || json_object_size(object) == flat.count);
    for (size_t i = 0; taken && i < flat.count; i++) {
        const struct json_flat_member *m = &flat.members[i];
        const json_t *value = json_object_getn(object, (const char *)m->name.p, m->name.n);
        assert_non_null(value);
        struct bytes string = bytes_of(json_string_value(value), json_string_length(value));
        if (m->kind == JSON_FLAT_STRING)
            assert_true(json_is_string(value) && bytes_equal(string, m->string));
        else if (m->kind == JSON_FLAT_INTEGER)
            assert_true(json_is_integer(value) && json_integer_value(value) == m->integer);
        else if (m->kind == JSON_FLAT_BOOLEAN)
            assert_true(json_is_boolean(value) && json_is_true(value) == m->boolean);
        else
            assert_true(json_is_null(value));
    }
    json_decref(object);
    arena_fini(&arena);
    return taken;
}

static const char *const taken[] = {
    "{}",
    " {\t} \r\n",
    "{\"to\":\"bob\",\"text\":\"hello\"}",
    "{ \"a\" : 0 , \"b\" : -12 , \"c\" : true , \"d\" : false , \"e\" : null }",
    "{\"a\":999999999999999999}",
    "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
    "{\"a\":\"\\u0041\\u00e9\\u20ac\\uFFFD\"}",
    "{\"a\":\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\x8c\"}",
    "{\"\":\"\"}",
    "{\"a\":-0}",
};

static const char *const left[] = {
    "",
    "[]",
    "{",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\":1}x",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":01}",
    "{\"a\":1.5}",
    "{\"a\":1e3}",
    "{\"a\":[]}",
    "{\"a\":{}}",
    "{\"a\":\"\\ud83d\\ude00\"}",
    "{\"a\":\"\\u0000\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\\"}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"\xff\"}",
    "{\"a\":tru}",
    "{\"\\u0061\":1}",
    "{a:1}",
    "{\"a\":-}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":1000000000000000000000}",
    "{\"a\":\"unfinished",
    "\xef\xbb\xbf{}",
};

static void test_flat_objects(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        assert_true(compare_readers(bytes_of_str(taken[i])));
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        assert_false(compare_readers(bytes_of_str(left[i])));
    assert_false(compare_readers(BYTES_LIT("{\"a\":\"\0\"}")));
    assert_false(compare_readers(BYTES_LIT("{\"a\":\"\\\0\"}")));
    assert_false(compare_readers(
        BYTES_LIT("{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1}")));
}

static void test_mutations_agree(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint8_t text[128];
        const char *from = taken[random_below(sizeof taken / sizeof taken[0])];
        size_t n = strlen(from);
        memcpy(text, from, n);
        for (uint32_t k = random_below(3) + 1; k > 0; k--) {
            static const char alphabet[] = "\"\\{}:,u0123ntf \t\n-.e\xc3\xa9\x80";
            text[random_below((uint32_t)n)] = (uint8_t)alphabet[random_below(sizeof alphabet - 1)];
        }
        (void)compare_readers(bytes_of(text, n));
    }
}

/* An object with arrays inside each other, depth in all. */
static json_t *parse_nested(size_t depth)
{
    struct buffer text;
    buffer_init(&text, 1u << 20);
    buffer_append_str(&text, "{\"[[\\\"{\":");
    for (size_t i = 1; i < depth; i++)
        buffer_append_str(&text, "[");
    for (size_t i = 1; i < depth; i++)
        buffer_append_str(&text, "]");
    buffer_append_str(&text, depth > 1 ? "}" : "1}");
    json_t *object = json_parse_object(buffer_bytes(&text));
    buffer_fini(&text);
    return object;
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    const size_t good[] = {1, 2, JSON_DEPTH_MAX};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        json_t *object = parse_nested(good[i]);
        assert_non_null(object);
        json_decref(object);
    }
    assert_null(parse_nested(JSON_DEPTH_MAX + 1));
    assert_null(parse_nested(2000));
    /* Brackets beside each other are not deep. */
    json_t *flat = json_parse_object(BYTES_LIT("{\"a\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
                                               "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
                                               "[],[],[],[],[],[],[]],\"b\":\"[[[[[[[[[[[[[[[[[[["
                                               "[[[[[[[[[[[[[[[[[[\"}"));
    assert_non_null(flat);
    json_decref(flat);
}

static void test_strings_are_written_as_jansson_does(void **state)
{
    (void)state;
    uint8_t all[0x80 + 8];
    size_t n = 0;
    for (unsigned c = 1; c < 0x80; c++)
        all[n++] = (uint8_t)c;
    memcpy(all + n, "\xc3\xa9\xf0\x9f\x92\x8c", 6);
    n += 6;
    struct buffer ours;
    struct buffer theirs;
    buffer_init(&ours, 4096);
    buffer_init(&theirs, 4096);
    for (size_t from = 0; from <= n - 6; from++) {
        struct bytes text = bytes_of(all + from, n - from);
        json_t *value = json_from_bytes(text);
        buffer_clear(&ours);
        buffer_clear(&theirs);
        json_write_string(&ours, text);
        json_write(&theirs, value);
        json_decref(value);
        assert_true(bytes_equal(buffer_bytes(&ours), buffer_bytes(&theirs)));
    }
    buffer_fini(&ours);
    buffer_fini(&theirs);
}

static void test_ids_and_times_are_written_as_jansson_does(void **state)
{
    (void)state;
    struct buffer ours;
    struct buffer theirs;
    buffer_init(&ours, 256);
    buffer_init(&theirs, 256);
    const struct uuid id = uuid_random();
    json_t *values[] = {json_from_uuid(&id), json_from_time(0), json_from_time(1795000000123)};
    json_write_uuid(&ours, &id);
    json_write_time(&ours, 0);
    json_write_time(&ours, 1795000000123);
    for (size_t i = 0; i < 3; i++) {
        json_write(&theirs, values[i]);
        json_decref(values[i]);
    }
    assert_true(bytes_equal(buffer_bytes(&ours), buffer_bytes(&theirs)));
    buffer_fini(&ours);
    buffer_fini(&theirs);
}

static void test_objects_that_quote_may_hold_nuls(void **state)
{
    (void)state;
    bool nul_in_name = true;
    struct bytes value = {0};
    json_t *object = json_parse_quoting(BYTES_LIT("{\"a\":\"b\\u0000c\"}"), &nul_in_name);
    assert_true(json_get_bytes(object, "a", &value));
    assert_true(bytes_equal(value, BYTES_LIT("b\0c")));
    assert_false(nul_in_name);
    json_decref(object);
    assert_null(json_parse_object(BYTES_LIT("{\"a\":\"b\\u0000c\"}")));

    assert_null(json_parse_quoting(BYTES_LIT("{\"a\":{\"b\\u0000\":1}}"), &nul_in_name));
    assert_true(nul_in_name);
    static const char *const others[] = {"", "[]", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\\ud800\"}"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_null(json_parse_quoting(bytes_of_str(others[i]), &nul_in_name));
        assert_false(nul_in_name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat_objects),
        cmocka_unit_test(test_mutations_agree),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_objects_that_quote_may_hold_nuls),
        cmocka_unit_test(test_strings_are_written_as_jansson_does),
        cmocka_unit_test(test_ids_and_times_are_written_as_jansson_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
