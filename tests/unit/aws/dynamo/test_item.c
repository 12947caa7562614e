#include "aws/dynamo/dynamo_item.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_attributes_come_back(void **state)
{
    (void)state;
    struct arena arena;
    struct uuid id = uuid_random();
    struct uuid read_id;
    struct bytes text;
    struct bytes binary;
    const json_t *map = NULL;
    json_t *item = json_object();
    arena_init(&arena);
    dynamo_item_set_text(item, "text", BYTES_LIT("caf\xc3\xa9"));
    dynamo_item_set_uuid(item, "id", &id);
    dynamo_item_set_flag(item, "yes", true);
    dynamo_item_set_flag(item, "no", false);
    dynamo_item_set_binary(item, "binary", BYTES_LIT("\0\xff"));
    dynamo_item_set_map(item, "map", json_object());
    assert_true(dynamo_item_text(item, "text", &text));
    assert_true(bytes_equal(text, BYTES_LIT("caf\xc3\xa9")));
    assert_true(dynamo_item_uuid(item, "id", &read_id));
    assert_true(uuid_equal(&id, &read_id));
    assert_true(dynamo_item_flag(item, "yes"));
    assert_false(dynamo_item_flag(item, "no"));
    assert_false(dynamo_item_flag(item, "absent"));
    assert_true(dynamo_item_binary(item, "binary", &arena, &binary));
    assert_true(bytes_equal(binary, BYTES_LIT("\0\xff")));
    assert_true(dynamo_item_map(item, "map", &map));
    json_decref(item);
    arena_fini(&arena);
}

static void test_numbers(void **state)
{
    (void)state;
    const int64_t numbers[] = {0, 1, -1, 1795000000000, INT64_MAX, -INT64_MAX};
    json_t *item = json_object();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int64_t out = 7;
        dynamo_item_set_number(item, "n", numbers[i]);
        assert_true(dynamo_item_number(item, "n", &out));
        assert_int_equal(out, numbers[i]);
    }
    json_decref(item);
}

static void test_other_types_are_not_taken(void **state)
{
    (void)state;
    struct arena arena;
    json_t *item = json_object();
    struct bytes out = BYTES_LIT("untouched");
    int64_t number = 7;
    const json_t *map = NULL;
    arena_init(&arena);
    dynamo_item_set_text(item, "text", BYTES_LIT("12"));
    json_object_set_new(item, "fraction", json_pack("{s:s}", "N", "1.5"));
    json_object_set_new(item, "base64", json_pack("{s:s}", "B", "?"));
    json_object_set_new(item, "bare", json_integer(12));
    const char *const names[] = {"text", "fraction", "base64", "bare", "absent"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(dynamo_item_number(item, names[i], &number));
        assert_false(dynamo_item_binary(item, names[i], &arena, &out));
        assert_false(dynamo_item_map(item, names[i], &map));
        assert_false(dynamo_item_flag(item, names[i]));
        assert_int_equal(dynamo_item_number_or(item, names[i], 5), 5);
    }
    assert_int_equal(number, 7);
    assert_true(bytes_equal_str(out, "untouched"));
    assert_false(dynamo_item_text(NULL, "text", &out));
    json_decref(item);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes_come_back),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_other_types_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
