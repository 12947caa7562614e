/* The served document and the joined route table describe the same API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <string.h>
#include <strings.h>

static struct core_config core_config = {.sign_up_domains = ""};
static struct core core = {.config = &core_config};
static const struct api_config config = {.public_url = "http://localhost", .allowed_origin = ""};

static json_t *document;
static struct api *api;

static int setup(void **state)
{
    (void)state;
    document = json_parse_object(api_openapi_json());
    api = api_create(&core, &config);
    return document == NULL ? 1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    api_destroy(api);
    json_decref(document);
    return 0;
}

static json_t *find_operation(const struct api_route *row)
{
    json_t *path = json_object_get(json_object_get(document, "paths"), row->pattern);
    const char *name;
    json_t *operation;
    json_object_foreach(path, name, operation)
    {
        if (strcasecmp(name, router_method_name(row->method)) == 0)
            return operation;
    }
    return NULL;
}

static void test_every_route_is_documented(void **state)
{
    (void)state;
    struct api_routes rows = router_rows(api->router);
    for (size_t i = 0; i < rows.count; i++) {
        if (find_operation(&rows.rows[i]) == NULL)
            fail_msg("%s %s is not in the document", router_method_name(rows.rows[i].method),
                     rows.rows[i].pattern);
    }
    assert_true(rows.count > 30);
}

static const struct api_route *find_row(const char *pattern, const char *method)
{
    struct api_routes rows = router_rows(api->router);
    for (size_t i = 0; i < rows.count; i++) {
        if (strcmp(rows.rows[i].pattern, pattern) == 0 &&
            strcasecmp(router_method_name(rows.rows[i].method), method) == 0)
            return &rows.rows[i];
    }
    return NULL;
}

static void test_everything_documented_is_routed(void **state)
{
    (void)state;
    const char *pattern;
    json_t *path;
    json_object_foreach(json_object_get(document, "paths"), pattern, path)
    {
        const char *method;
        json_t *operation;
        json_object_foreach(path, method, operation)
        {
            if (strcmp(method, "parameters") != 0 && find_row(pattern, method) == NULL)
                fail_msg("%s %s is documented but not routed", method, pattern);
        }
    }
}

static bool takes_scheme(const json_t *security, const char *scheme)
{
    size_t i;
    json_t *choice;
    json_array_foreach(security, i, choice)
    {
        if (json_object_get(choice, scheme) != NULL)
            return true;
    }
    return false;
}

/* What the document says of a route's security and body is what the row asks. */
static void test_security_and_bodies_agree(void **state)
{
    (void)state;
    struct api_routes rows = router_rows(api->router);
    for (size_t i = 0; i < rows.count; i++) {
        const struct api_route *row = &rows.rows[i];
        const json_t *operation = find_operation(row);
        const json_t *own = json_object_get(operation, "security");
        const json_t *security = own != NULL ? own : json_object_get(document, "security");
        print_message("%s %s\n", router_method_name(row->method), row->pattern);
        assert_int_equal(takes_scheme(security, "bearer"), row->auth != API_AUTH_NONE);
        assert_int_equal(takes_scheme(security, "accessCookie"), row->auth == API_AUTH_ANY);
        assert_int_equal(json_object_get(operation, "requestBody") != NULL, row->body_max > 0);
    }
}

static void test_every_problem_code_is_documented(void **state)
{
    (void)state;
    const json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    const json_t *codes = json_object_get(json_object_get(schemas, "ProblemCode"), "enum");
    assert_int_equal(json_array_size(codes), ERR_COUNT - 1);
    for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
        size_t i;
        json_t *code;
        bool found = false;
        json_array_foreach(codes, i, code) found =
            found || strcmp(json_string_value(code), err_code((enum err)e)) == 0;
        if (!found)
            fail_msg("%s is not documented", err_code((enum err)e));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_route_is_documented),
        cmocka_unit_test(test_everything_documented_is_routed),
        cmocka_unit_test(test_security_and_bodies_agree),
        cmocka_unit_test(test_every_problem_code_is_documented),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
