/* What a new account may be called and protected by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/policy.h"
#include "core/policy_password.h"

#include <string.h>

static struct arena arena;
static struct ctx ctx = {.arena = &arena};

static void test_usernames(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *out; /* NULL: refused */
    } cases[] = {
        {"bob", "bob"},
        {"Bob.O-Neil_3", "bob.o-neil_3"},
        {"a23456789012345678901234567890ab", "a23456789012345678901234567890ab"},
        {"a23456789012345678901234567890abc", NULL},
        {"", NULL},
        {"ab", NULL},
        {"1bob", NULL},
        {".bob", NULL},
        {"bob.", NULL},
        {"bob-", NULL},
        {"bo b", NULL},
        {"bob@x", NULL},
        {"b\xc3\xb6"
         "b",
         NULL},
        {"bob\n", NULL},
        {"admin", NULL},
        {"ROOT", NULL},
        {"postmaster", NULL},
        {"unread", NULL},
        {"administrators", "administrators"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[USERNAME_MAX_BYTES + 1];
        enum err e = policy_username(&ctx, bytes_of_str(cases[i].in), out);
        assert_int_equal(e, cases[i].out == NULL ? ERR_INVALID_USERNAME : ERR_OK);
        if (cases[i].out != NULL)
            assert_string_equal(out, cases[i].out);
    }
}

static void test_emails(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a@b.cd",
        "First.Last+tag@sub.example.org",
        "o'neil_x@example.co",
        "x@xn--bcher-kva.example",
        "!#$%&'*+-/=?^_`{|}~@example.org",
        "0@0.a0",
    };
    static const char *const bad[] = {
        "",
        "@",
        "a",
        "a@",
        "@b.cd",
        "a@b",
        "a@@b.cd",
        "a@b@c.de",
        ".a@b.cd",
        "a.@b.cd",
        "a..b@c.de",
        "a b@c.de",
        "a@b..cd",
        "a@-b.cd",
        "a@b-.cd",
        "a@b.cd.",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@b_c.de",
        "\"a\"@b.cd",
        "a@b.cd\r\nBcc: x@y.z",
        "a@b.cd,e@f.gh",
        "a<b@c.de>",
        "\xc3\xa9@b.cd",
        "12345678901234567890123456789012345678901234567890123456789012345@b.cd",
        "a@1234567890123456789012345678901234567890123456789012345678901234.cd",
    };
    char out[EMAIL_MAX_BYTES + 1];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(policy_email(bytes_of_str(good[i]), out), ERR_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(policy_email(bytes_of_str(bad[i]), out), ERR_INVALID_EMAIL);
    assert_int_equal(policy_email(BYTES_LIT("A.B@Example.ORG"), out), ERR_OK);
    assert_string_equal(out, "a.b@example.org");
}

static void test_email_of_the_greatest_length(void **state)
{
    (void)state;
    char in[EMAIL_MAX_BYTES + 2];
    char out[EMAIL_MAX_BYTES + 1];
    memset(in, 'a', sizeof in);
    in[1] = '@';
    for (size_t i = 60; i < EMAIL_MAX_BYTES - 1; i += 60)
        in[i] = '.';
    assert_int_equal(policy_email(bytes_of(in, EMAIL_MAX_BYTES), out), ERR_OK);
    assert_int_equal(strlen(out), EMAIL_MAX_BYTES);
    assert_int_equal(policy_email(bytes_of(in, EMAIL_MAX_BYTES + 1), out), ERR_INVALID_EMAIL);
}

static void test_domains(void **state)
{
    (void)state;
    assert_true(policy_domain_allowed("", "a@b.cd"));
    assert_true(policy_domain_allowed(" ", "a@b.cd"));
    assert_true(policy_domain_allowed("b.cd", "a@b.cd"));
    assert_true(policy_domain_allowed("x.org, b.cd ,y.org", "a@b.cd"));
    assert_false(policy_domain_allowed("x.org", "a@b.cd"));
    assert_false(policy_domain_allowed("b.cd", "a@sub.b.cd"));
    assert_false(policy_domain_allowed("b.cd", "a@xb.cd"));
    assert_false(policy_domain_allowed("xb.cd", "a@b.cd"));
}

static void test_passwords(void **state)
{
    (void)state;
    static const char *const good[] = {
        "nine lives of cats",
        "correct horse battery",
        "zk3!9qvT2m",
        "pass the mustard please",
        "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xd0\xbc\xd0\xb8\xd1\x80!",
        "aaaaaaaaab",
        "dora and the moonlight",
        "2b or not 2b?",
    };
    static const char *const bad[] = {
        "",
        "short",
        "123456789",
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
        "password123",
        "P@ssw0rd2024!",
        "Passw0rd!!",
        "qwertyuiop",
        "1234567890",
        "0987654321",
        "abcdefghij",
        "aaaaaaaaaa",
        "abcabcabcabc",
        "ababababab",
        "12341234123",
        "!!!!!!!!!!!!",
        "20241124135000",
        "Letterlock1",
        "iloveyou2024",
        "dora@example.org",
        "DORA.PEREZ",
        "dora.perez1",
        "1dora.perez",
        "not utf-8: \xff",
    };
    struct bytes name = BYTES_LIT("dora.perez");
    struct bytes email = BYTES_LIT("dora@example.org");
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(policy_password(&ctx, bytes_of_str(good[i]), name, email), ERR_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum err e = policy_password(&ctx, bytes_of_str(bad[i]), name, email);
        if (e != ERR_WEAK_PASSWORD)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void test_password_lengths(void **state)
{
    (void)state;
    uint8_t text[POLICY_PASSWORD_MAX_BYTES + 4];
    for (size_t i = 0; i < sizeof text; i += 4) {
        static const uint8_t emoji[] = {0xf0, 0x9f, 0x90, 0x80};
        memcpy(text + i, emoji, sizeof emoji);
        text[i + 3] = (uint8_t)(0x80 + (i / 4 * 7) % 61);
    }
    struct bytes none = {0};
    assert_int_equal(policy_password(&ctx, bytes_of(text, 36), none, none), ERR_WEAK_PASSWORD);
    assert_int_equal(policy_password(&ctx, bytes_of(text, 40), none, none), ERR_OK);
    assert_int_equal(policy_password(&ctx, bytes_of(text, POLICY_PASSWORD_MAX_BYTES), none, none),
                     ERR_OK);
    assert_int_equal(policy_password(&ctx, bytes_of(text, sizeof text), none, none),
                     ERR_WEAK_PASSWORD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usernames),
        cmocka_unit_test(test_emails),
        cmocka_unit_test(test_email_of_the_greatest_length),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_password_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
