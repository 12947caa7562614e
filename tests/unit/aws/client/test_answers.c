/* What AWS's answers say, in all of its notations. */
#include "aws/client/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_fini(*state);
    return 0;
}

static void check_code(struct arena *arena, const char *error_type, const char *body,
                       const char *code, const char *message)
{
    char got[ANSWERS_CODE_BYTES];
    const char *text = answers_code(arena, error_type, bytes_of_str(body), got);
    assert_string_equal(got, code);
    assert_string_equal(text, message);
}

static void test_json_errors(void **state)
{
    check_code(*state, "", "{\"__type\":\"NotFoundException\",\"message\":\"no\"}",
               "NotFoundException", "no");
    check_code(*state, "",
               "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
               "\"Message\":\"no table\"}",
               "ResourceNotFoundException", "no table");
    check_code(*state, "", "{\"code\":\"MessageRejected\"}", "MessageRejected", "");
    check_code(*state, "", "{\"__type\":7}", "", "");
    check_code(*state, "", "{\"__type\":", "", "");
    check_code(*state, "", "", "", "");
}

static void test_the_header_comes_first(void **state)
{
    check_code(*state, "AccessDeniedException:http://internal.example/coral/#x",
               "{\"__type\":\"Other\",\"message\":\"denied\"}", "AccessDeniedException", "denied");
}

static void test_xml_errors(void **state)
{
    check_code(*state, "",
               "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error>"
               "<Type>Sender</Type><Code>AuthorizationError</Code>"
               "<Message>a &lt;b&gt; &amp;amp; &#34;c&#x22;</Message></Error></ErrorResponse>",
               "AuthorizationError", "a <b> &amp; \"c\"");
    check_code(*state, "",
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<Error><Code>NoSuchKey</Code><Key>k</Key></Error>",
               "NoSuchKey", "");
    check_code(*state, "", "<html><h1>Bad Gateway</h1></html>", "", "");
}

static void test_a_long_code_is_cut(void **state)
{
    struct arena *arena = *state;
    char code[ANSWERS_CODE_BYTES];
    char *name = arena_alloc(arena, 201);
    memset(name, 'E', 200);
    (void)answers_code(arena, name, (struct bytes){0}, code);
    assert_int_equal(strlen(code), ANSWERS_CODE_BYTES - 1);
}

static void check_text(struct arena *arena, const char *xml, const char *expected)
{
    struct bytes text = {0};
    bool found = answers_xml_text(arena, bytes_of_str(xml), "Key", &text);
    assert_int_equal(found, expected != NULL);
    if (found)
        assert_string_equal((const char *)text.p, expected);
}

static void test_xml_text(void **state)
{
    struct arena *arena = *state;
    check_text(arena, "<a><Key>1</Key><Key>2</Key></a>", "1");
    check_text(arena, "<a><KeyCount>9</KeyCount><Key>1</Key></a>", "1");
    check_text(arena, "<a><Key type='x'>1</Key></a>", "1");
    check_text(arena, "<a><Key/></a>", "");
    check_text(arena, "<a><Key></Key></a>", "");
    check_text(arena, "<Key>&apos;&quot;&#233;&#x20ac;&#x1F600;</Key>", "'\"é€😀");
    check_text(arena, "<Key>&nbsp; &; & &#; &#x; &#0; &#xD800; &#x110000; &#1a;</Key>",
               "&nbsp; &; & &#; &#x; &#0; &#xD800; &#x110000; &#1a;");
    check_text(arena, "<Key>1", NULL);
    check_text(arena, "<Key>1</Ke>", NULL);
    check_text(arena, "<Key><b>1</b></Key>", NULL);
    check_text(arena, "<Key", NULL);
    check_text(arena, "<", NULL);
    check_text(arena, "", NULL);
}

static bool is_disguised(const char *body)
{
    return answers_is_disguised_error(bytes_of_str(body));
}

static void test_disguised_errors(void **state)
{
    (void)state;
    assert_true(is_disguised("<Error><Code>InternalError</Code></Error>"));
    assert_true(is_disguised("  \n<?xml version=\"1.0\"?>\n <Error xmlns=\"x\"><Code>E</Code>"));
    assert_false(is_disguised("<CompleteMultipartUploadResult><Key>&lt;Error></Key>"));
    assert_false(is_disguised("<Result><Error></Error></Result>"));
    assert_false(is_disguised("<Errors>"));
    assert_false(is_disguised("<?xml"));
    assert_false(is_disguised(""));
}

static void test_dates(void **state)
{
    (void)state;
    int64_t ms = 7;
    assert_true(answers_date("Fri, 24 May 2013 00:00:00 GMT", &ms));
    assert_int_equal(ms, INT64_C(1369353600000));
    assert_false(answers_date("", &ms));
    assert_false(answers_date("yesterday, or so", &ms));
    assert_int_equal(ms, INT64_C(1369353600000));
}

/* The check value that catalogues of CRCs give for "123456789". */
static void test_crc32(void **state)
{
    (void)state;
    assert_int_equal(answers_crc32(BYTES_LIT("123456789")), 0xcbf43926);
    assert_int_equal(answers_crc32(BYTES_LIT("")), 0);
}

static void test_range_sizes(void **state)
{
    (void)state;
    uint64_t size = 7;
    assert_true(answers_range_size("bytes 0-9/5000000000", &size));
    assert_int_equal(size, 5000000000);
    assert_false(answers_range_size("bytes 0-9/*", &size));
    assert_false(answers_range_size("bytes 0-9", &size));
    assert_false(answers_range_size("", &size));
    assert_int_equal(size, 5000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_errors), cmocka_unit_test(test_the_header_comes_first),
        cmocka_unit_test(test_xml_errors),  cmocka_unit_test(test_a_long_code_is_cut),
        cmocka_unit_test(test_xml_text),    cmocka_unit_test(test_disguised_errors),
        cmocka_unit_test(test_dates),       cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_range_sizes),
    };
    return cmocka_run_group_tests_name("aws_answers", tests, set_up, tear_down);
}
