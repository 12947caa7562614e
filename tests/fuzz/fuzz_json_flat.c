/* Any bytes as a JSON object: what the flat reader takes, Jansson takes with the same values. */
#include "fuzz.h"

#include "base/json.h"
#include "base/json_flat.h"

static void check_member(const json_t *object, const struct json_flat_member *m)
{
    const json_t *value = json_object_getn(object, (const char *)m->name.p, m->name.n);
    struct bytes string = bytes_of(json_string_value(value), json_string_length(value));
    switch (m->kind) {
    case JSON_FLAT_STRING:
        fuzz_require(json_is_string(value) && bytes_equal(string, m->string));
        break;
    case JSON_FLAT_INTEGER:
        fuzz_require(json_is_integer(value) && json_integer_value(value) == m->integer);
        break;
    case JSON_FLAT_BOOLEAN:
        fuzz_require(json_is_boolean(value) && json_is_true(value) == m->boolean);
        break;
    case JSON_FLAT_NULL:
        fuzz_require(json_is_null(value));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct json_flat flat;
    struct bytes text = bytes_of(data, size);
    if (json_flat_read(&arena, text, &flat)) {
        json_t *object = json_parse_object(text);
        fuzz_require(object != NULL && json_object_size(object) == flat.count);
        for (size_t i = 0; i < flat.count; i++)
            check_member(object, &flat.members[i]);
        json_decref(object);
    }
    arena_fini(&arena);
    return 0;
}
