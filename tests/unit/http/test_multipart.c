#include "multipart_transcript.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OUT_MAX (1u << 20)
#define FIELD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define TYPE "multipart/form-data; boundary=XyZ"

static const struct row {
    const char *name;
    const char *body;
    const char *want; /* transcript with boundary XyZ */
} rows[] = {
    {"one field", "--XyZ\r\n" FIELD("to") "bob\r\n--XyZ--\r\n", "<to>bob</>ok"},
    {"no final line end", "--XyZ\r\n" FIELD("to") "bob\r\n--XyZ--", "<to>bob</>ok"},
    {"empty value", "--XyZ\r\n" FIELD("to") "\r\n--XyZ--\r\n", "<to></>ok"},
    {"no parts", "--XyZ--\r\n", "ok"},
    {"preamble and epilogue",
     "pre\r\n--Xy\r\n--XyZ\r\n" FIELD("a") "1\r\n--XyZ--\r\nepi\r\n--XyZ\r\n", "<a>1</>ok"},
    {"padding behind the boundary",
     "--XyZ \t \r\n" FIELD("a") "1\r\n--XyZ \r\n" FIELD("b") "2\r\n--XyZ--", "<a>1</><b>2</>ok"},
    {"boundary prefixes in data",
     "--XyZ\r\n" FIELD("f") "\r\n--Xy\r\r\n-\r\n--\r\n--XyY--XyZ\n--XyZ\r\n--XyZ--",
     "<f>\r\n--Xy\r\r\n-\r\n--\r\n--XyY--XyZ\n--XyZ</>ok"},
    {"file",
     "--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n"
     "Content-Type: text/plain; charset=utf-8\r\n\r\nhi\r\n--XyZ--",
     "<file|a b.txt|text/plain; charset=utf-8>hi</>ok"},
    {"case and tokens",
     "--XyZ\r\ncontent-disposition:FORM-DATA;Name=file ; FILENAME=x.bin;\r\n\r\nd\r\n--XyZ--",
     "<file|x.bin>d</>ok"},
    {"browser escapes",
     "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; "
     "filename=\"a%22b%0D%0Ac%20%41.txt\"\r\n\r\n\r\n--XyZ--",
     "<f|a\"b\r\nc%20%41.txt></>ok"},
    {"backslash escapes",
     "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; "
     "filename=\"a\\\"b\\\\c;d\\e\"\r\n\r\n\r\n--XyZ--",
     "<f|a\"b\\c;d\\e></>ok"},
    {"extended name wins",
     "--XyZ\r\nContent-Disposition: form-data; name=f; filename=\"x\"; "
     "filename*=utf-8'en'%e2%82%ac.txt\r\n\r\n\r\n--XyZ--",
     "<f|\xe2\x82\xac.txt></>ok"},
    {"empty file name",
     "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n"
     "\r\n--XyZ--",
     "<f|></>ok"},
    {"identity encoding",
     "--XyZ\r\nContent-Transfer-Encoding: binary\r\n" FIELD("a") "1\r\n--XyZ--", "<a>1</>ok"},
    {"empty body", "", "invalid_multipart"},
    {"missing end", "--XyZ\r\n" FIELD("a") "1\r\n--XyZ\r\n", "<a>1</>invalid_multipart"},
    {"cut in data", "--XyZ\r\n" FIELD("a") "12", "<a>12invalid_multipart"},
    {"cut in the end", "--XyZ\r\n" FIELD("a") "1\r\n--XyZ-", "<a>1</>invalid_multipart"},
    {"junk behind the boundary", "--XyZq\r\n" FIELD("a") "1\r\n--XyZ--", "invalid_multipart"},
    {"bare LF behind the boundary", "--XyZ\n" FIELD("a") "1\r\n--XyZ--", "invalid_multipart"},
    {"no headers", "--XyZ\r\n\r\n1\r\n--XyZ--", "invalid_multipart"},
    {"no disposition", "--XyZ\r\nContent-Type: a/b\r\n\r\n1\r\n--XyZ--", "invalid_multipart"},
    {"no name", "--XyZ\r\nContent-Disposition: form-data; filename=a\r\n\r\n1\r\n--XyZ--",
     "invalid_multipart"},
    {"attachment", "--XyZ\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--XyZ--",
     "invalid_multipart"},
    {"two names", "--XyZ\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n--XyZ--",
     "invalid_multipart"},
    {"two dispositions",
     "--XyZ\r\nContent-Disposition: form-data; name=a\r\n" FIELD("b") "1\r\n--XyZ--",
     "invalid_multipart"},
    {"folded header", "--XyZ\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1\r\n--XyZ--",
     "invalid_multipart"},
    {"open quote", "--XyZ\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--XyZ--",
     "invalid_multipart"},
    {"base64", "--XyZ\r\nContent-Transfer-Encoding: base64\r\n" FIELD("a") "1\r\n--XyZ--",
     "invalid_multipart"},
    {"bad extended name",
     "--XyZ\r\nContent-Disposition: form-data; name=f; filename*=utf-8''%4\r\n\r\n\r\n--XyZ--",
     "invalid_multipart"},
};

static void check(const struct row *row, struct transcript_cuts cuts)
{
    struct buffer out;
    buffer_init(&out, OUT_MAX);
    multipart_transcript(BYTES_LIT(TYPE), bytes_of_str(row->body), cuts, &out);
    if (!bytes_equal_str(buffer_bytes(&out), row->want))
        fail_msg("%s (step %zu, cut %zu): %.*s", row->name, cuts.step, cuts.cut,
                 BYTES_FMT(buffer_bytes(&out)));
    buffer_fini(&out);
}

static void test_every_chunking_gives_the_same_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].body);
        check(&rows[i], (struct transcript_cuts){SIZE_MAX / 2, 0});
        for (size_t step = 1; step <= n; step++) {
            for (size_t cut = 0; cut < n; cut++)
                check(&rows[i], (struct transcript_cuts){step, cut});
        }
    }
}

static enum err init_of(const char *content_type)
{
    struct multipart m;
    enum err e = multipart_init(&m, bytes_of_str(content_type), NULL, NULL);
    multipart_fini(&m);
    return e;
}

#define TEN "0123456789"
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static void test_boundary_of_content_type(void **state)
{
    (void)state;
    assert_int_equal(init_of("multipart/form-data; boundary=a"), ERR_OK);
    assert_int_equal(init_of("Multipart/Form-Data ;charset=utf-8; BOUNDARY=\"a b=/?\"; x=y"),
                     ERR_OK);
    assert_int_equal(init_of("multipart/form-data; boundary=----WebKitFormBoundary7MA4"), ERR_OK);
    assert_int_equal(init_of("multipart/form-data; boundary=" SEVENTY), ERR_OK);
    assert_int_equal(init_of("multipart/form-data; boundary=" SEVENTY "1"), ERR_INVALID_MULTIPART);
    assert_int_equal(init_of("multipart/form-data"), ERR_INVALID_MULTIPART);
    assert_int_equal(init_of("multipart/form-data; boundary="), ERR_INVALID_MULTIPART);
    assert_int_equal(init_of("multipart/form-data; boundary=\"\""), ERR_INVALID_MULTIPART);
    assert_int_equal(init_of("multipart/form-data; boundary=\"a \""), ERR_INVALID_MULTIPART);
    assert_int_equal(init_of("multipart/form-data; boundary=\"a"), ERR_INVALID_MULTIPART);
    assert_int_equal(init_of("multipart/form-data; boundary=a; boundary=b"), ERR_INVALID_MULTIPART);
    assert_int_equal(init_of("multipart/form-data; boundary=a<b"), ERR_INVALID_MULTIPART);
    assert_int_equal(init_of("multipart/mixed; boundary=a"), ERR_UNSUPPORTED_MEDIA_TYPE);
    assert_int_equal(init_of(""), ERR_UNSUPPORTED_MEDIA_TYPE);
}

static void check_end(struct buffer *body, const char *want)
{
    struct buffer out;
    buffer_init(&out, OUT_MAX);
    multipart_transcript(BYTES_LIT(TYPE), buffer_bytes(body),
                         (struct transcript_cuts){SIZE_MAX / 2, 0}, &out);
    size_t n = strlen(want);
    assert_true(out.n >= n);
    assert_memory_equal(out.p + out.n - n, want, n);
    buffer_fini(&out);
}

static void test_ceilings(void **state)
{
    (void)state;
    struct buffer body;
    for (size_t parts = MULTIPART_PARTS_MAX; parts <= MULTIPART_PARTS_MAX + 1; parts++) {
        buffer_init(&body, OUT_MAX);
        for (size_t i = 0; i < parts; i++)
            buffer_append_str(&body, "--XyZ\r\n" FIELD("a") "1\r\n");
        buffer_append_str(&body, "--XyZ--");
        check_end(&body, parts <= MULTIPART_PARTS_MAX ? "</>ok" : "</>invalid_multipart");
        buffer_fini(&body);
    }
    const size_t fixed = strlen(FIELD("a")) + strlen("X: \r\n");
    for (size_t extra = 0; extra <= 1; extra++) {
        buffer_init(&body, OUT_MAX);
        buffer_append_str(&body, "--XyZ\r\nX: ");
        for (size_t i = 0; i < MULTIPART_HEADERS_MAX - fixed + extra; i++)
            buffer_append_u8(&body, 'x');
        buffer_append_str(&body, "\r\n" FIELD("a") "1\r\n--XyZ--");
        check_end(&body, extra == 0 ? "<a>1</>ok" : "invalid_multipart");
        buffer_fini(&body);
    }
}

static enum err refuse(void *self, struct bytes data)
{
    (void)data;
    ++*(unsigned *)self;
    return ERR_QUOTA_EXCEEDED;
}

static enum err accept_part(void *self, const struct multipart_part *part)
{
    (void)self;
    (void)part;
    return ERR_OK;
}

static void test_receiver_error_stops(void **state)
{
    (void)state;
    static const struct multipart_receiver receiver = {accept_part, refuse, NULL};
    struct multipart m;
    unsigned calls = 0;
    assert_int_equal(multipart_init(&m, BYTES_LIT(TYPE), &receiver, &calls), ERR_OK);
    enum err e = multipart_feed(&m, BYTES_LIT("--XyZ\r\n" FIELD("a") "1\r\n--XyZ--"), true);
    assert_int_equal(e, ERR_QUOTA_EXCEEDED);
    assert_int_equal(calls, 1);
    multipart_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_chunking_gives_the_same_events),
        cmocka_unit_test(test_boundary_of_content_type),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_receiver_error_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
