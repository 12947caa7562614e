#include "embedded/mail_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1764000000123) /* 2025-11-24T16:00:00Z, a Monday */

static struct mail mail_of(enum mail_kind kind)
{
    return (struct mail){
        .kind = kind,
        .to = BYTES_LIT("mia@example.org"),
        .from = "letters@example.org",
        .public_url = "https://letters.example.org",
        .code = "012345",
        .letters = 3,
        .now_unix_ms = NOW_MS,
    };
}

static char *write_text(struct arena *arena, const struct mail *mail)
{
    struct buffer out;
    buffer_init(&out, MAIL_TEXT_MAX_BYTES);
    assert_int_equal(mail_text_write(mail, &out), ERR_OK);
    char *text = arena_str(arena, buffer_bytes(&out));
    buffer_fini(&out);
    return text;
}

static void test_headers(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (int kind = MAIL_CONFIRM_CODE; kind <= MAIL_TOTP_OFF; kind++) {
        struct mail mail = mail_of((enum mail_kind)kind);
        const char *text = write_text(&arena, &mail);
        assert_non_null(strstr(text, "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"));
        assert_non_null(strstr(text, "To: <mia@example.org>\r\n"));
        assert_non_null(strstr(text, "From: Letterlock <letters@example.org>\r\n"));
        assert_non_null(strstr(text, "@example.org>\r\nAuto-Submitted"));
        /* Lines end with CRLF and stay under the 998 bytes of RFC 5322 section 2.1.1. */
        for (const char *line = text; *line != '\0';) {
            const char *end = strchr(line, '\n');
            assert_non_null(end);
            assert_true(end > line && end[-1] == '\r' && end - line < 998);
            line = end + 1;
        }
    }
    arena_fini(&arena);
}

static void test_code_stands_alone(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct mail mail = mail_of(MAIL_CONFIRM_CODE);
    assert_non_null(strstr(write_text(&arena, &mail), "\r\n    012345\r\n"));
    mail = mail_of(MAIL_LETTERS);
    assert_null(strstr(write_text(&arena, &mail), "012345"));
    arena_fini(&arena);
}

static void test_digest_counts(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct mail mail = mail_of(MAIL_LETTERS);
    assert_non_null(strstr(write_text(&arena, &mail), "3 new sealed letters are waiting"));
    mail.letters = 1;
    assert_non_null(strstr(write_text(&arena, &mail), "A new sealed letter is waiting"));
    arena_fini(&arena);
}

static void test_addresses_cannot_break_out(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "no-at", "a@b\r\nBcc: c@d",
                                      "a@b>, <c@d", "a b@c", "a@b\n"};
    struct buffer out;
    buffer_init(&out, MAIL_TEXT_MAX_BYTES);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mail mail = mail_of(MAIL_LETTERS);
        mail.to = bytes_of_str(bad[i]);
        assert_int_equal(mail_text_write(&mail, &out), ERR_INVALID_EMAIL);
    }
    assert_int_equal(out.n, 0);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_code_stands_alone),
        cmocka_unit_test(test_digest_counts),
        cmocka_unit_test(test_addresses_cannot_break_out),
    };
    return cmocka_run_group_tests_name("embedded_mail_text", tests, NULL, NULL);
}
