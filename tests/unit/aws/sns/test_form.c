#include "aws/sns/sns_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_BYTES 256u

static void test_form(void **state)
{
    (void)state;
    struct buffer form;
    buffer_init(&form, MAX_BYTES);
    sns_form_begin(&form, "Publish");
    sns_form_add(&form, "Subject", BYTES_LIT("A letter"));
    sns_form_add(&form, "Message", BYTES_LIT("a+b=c&d\n\xc3\xa4/~%"));
    sns_form_add(&form, "Empty", (struct bytes){0});
    assert_true(buffer_ok(&form));
    assert_true(bytes_equal_str(buffer_bytes(&form),
                                "Action=Publish&Version=2010-03-31&Subject=A%20letter"
                                "&Message=a%2Bb%3Dc%26d%0A%C3%A4%2F~%25&Empty="));
    buffer_fini(&form);
}

static void test_a_value_adds_no_parameter(void **state)
{
    (void)state;
    struct buffer form;
    buffer_init(&form, MAX_BYTES);
    sns_form_begin(&form, "Subscribe");
    sns_form_add(&form, "Endpoint", BYTES_LIT("a@b&Action=DeleteTopic&TopicArn=c"));
    size_t ampersands = 0;
    for (size_t i = 0; i < form.n; i++)
        ampersands += form.p[i] == '&';
    assert_int_equal(ampersands, 2);
    buffer_fini(&form);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_a_value_adds_no_parameter),
    };
    return cmocka_run_group_tests_name("forms of SNS", tests, NULL, NULL);
}
