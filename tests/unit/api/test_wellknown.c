/* What is open to everyone, through the whole joined API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, &wellknown_routes);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static json_t *get(const char *target)
{
    assert_int_equal(rig_call(&rig, API_GET, target, ""), 200);
    assert_string_equal(rig_reply_header(&rig, "Content-Type"), "application/json");
    json_t *document = json_parse_object(buffer_bytes(&rig.call.reply.body));
    assert_non_null(document);
    return document;
}

static void test_config(void **state)
{
    (void)state;
    rig.core_config.sign_up = SIGN_UP_INVITE;
    rig.core_config.sign_up_domains = "example.org, example.net";
    json_t *config = get("/v1/config");
    static const struct {
        const char *name, *value;
    } texts[] = {
        {"version", LETTERLOCK_VERSION},
        {"backend", "embedded"},
        {"sign_up", "invite"},
        {"mail", "outbox"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bytes text;
        assert_true(json_get_bytes(config, texts[i].name, &text));
        assert_true(bytes_equal_str(text, texts[i].value));
    }
    const json_t *domains = json_object_get(config, "sign_up_domains");
    assert_int_equal(json_array_size(domains), 2);
    assert_string_equal(json_string_value(json_array_get(domains, 1)), "example.net");
    int64_t least = 0;
    assert_true(json_get_int(json_object_get(config, "password_rules"), "min_length", &least));
    assert_int_equal(least, 10);
    json_decref(config);
}

static void test_document(void **state)
{
    (void)state;
    json_t *document = get("/openapi.json");
    assert_non_null(json_object_get(document, "paths"));
    assert_string_equal(rig_reply_header(&rig, "Cache-Control"), "public, max-age=300");
    json_decref(document);
}

static void test_health(void **state)
{
    (void)state;
    json_decref(get("/healthz"));
    assert_true(api_call_inline(&rig.call, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_health),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
