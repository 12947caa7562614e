#include "cmocka_all.h"

#include "base/mem.h"
#include "envelope/encryption_context.h"

#include <string.h>

static struct encryption_context set_of(const char *const *pairs, size_t count)
{
    struct encryption_context context = {0};
    for (size_t i = 0; i < count; i++)
        assert_int_equal(encryption_context_add(&context, bytes_of_str(pairs[2 * i]),
                                                bytes_of_str(pairs[2 * i + 1])),
                         ERR_OK);
    return context;
}

static void sorts_by_bytes_of_the_name(void **state)
{
    (void)state;
    static const char *const pairs[] = {"ä", "1", "ab", "2", "a", "3", "B", ""};
    struct encryption_context context = set_of(pairs, 4);
    struct buffer out;
    buffer_init(&out, 100);
    encryption_context_write(&context, &out);
    static const char expected[] = "\0\4\0\1B\0\0\0\1a\0\1"
                                   "3\0\2ab\0\1"
                                   "2\0\2\xc3\xa4\0\1"
                                   "1";
    assert_true(bytes_equal(buffer_bytes(&out), bytes_of(expected, sizeof expected - 1)));
    assert_int_equal(encryption_context_check(buffer_bytes(&out), NULL), ERR_OK);
    buffer_fini(&out);
}

static void empty_set_is_no_bytes(void **state)
{
    (void)state;
    struct encryption_context context = {0};
    struct buffer out;
    buffer_init(&out, 100);
    encryption_context_write(&context, &out);
    assert_int_equal(out.n, 0);
    assert_int_equal(encryption_context_check(buffer_bytes(&out), NULL), ERR_OK);
    struct encryption_context_walk walk = encryption_context_walk_of(buffer_bytes(&out));
    struct encryption_context_pair pair;
    assert_false(encryption_context_next(&walk, &pair));
    buffer_fini(&out);
}

static void refuses_pairs(void **state)
{
    (void)state;
    static const char *const pairs[] = {"taken", "x"};
    struct encryption_context context = set_of(pairs, 1);
    const struct bytes ok = BYTES_LIT("v");
    const struct bytes bad = BYTES_LIT("\xc3");
    const struct bytes own = BYTES_LIT("aws-crypto-public-key");
    assert_int_equal(encryption_context_add(&context, (struct bytes){0}, ok), ERR_INVALID_FIELD);
    assert_int_equal(encryption_context_add(&context, BYTES_LIT("taken"), ok), ERR_INVALID_FIELD);
    assert_int_equal(encryption_context_add(&context, own, ok), ERR_INVALID_FIELD);
    assert_int_equal(encryption_context_add(&context, bad, ok), ERR_INVALID_FIELD);
    assert_int_equal(encryption_context_add(&context, ok, bad), ERR_INVALID_FIELD);
    assert_int_equal(context.count, 1);
}

static void has_ceilings(void **state)
{
    (void)state;
    struct encryption_context context = {0};
    uint8_t *big = mem_alloc(ENCRYPTION_CONTEXT_MAX_BYTES);
    memset(big, 'x', ENCRYPTION_CONTEXT_MAX_BYTES);
    /* Count, two lengths and a name of one byte take 7 bytes. */
    struct bytes fits = bytes_of(big, ENCRYPTION_CONTEXT_MAX_BYTES - 7);
    struct bytes too_big = bytes_of(big, ENCRYPTION_CONTEXT_MAX_BYTES - 6);
    assert_int_equal(encryption_context_add(&context, BYTES_LIT("n"), too_big), ERR_INVALID_FIELD);
    assert_int_equal(encryption_context_add(&context, BYTES_LIT("n"), fits), ERR_OK);
    assert_int_equal(encryption_context_add(&context, BYTES_LIT("m"), BYTES_LIT("")),
                     ERR_INVALID_FIELD);
    context = (struct encryption_context){0};
    for (size_t i = 0; i < ENCRYPTION_CONTEXT_MAX_PAIRS; i++)
        assert_int_equal(encryption_context_add(&context, bytes_of(big, i + 1), BYTES_LIT("")),
                         ERR_OK);
    assert_int_equal(encryption_context_add(&context, BYTES_LIT("y"), BYTES_LIT("")),
                     ERR_INVALID_FIELD);
    mem_free(big);
}

static void finds_and_requires(void **state)
{
    (void)state;
    static const char *const pairs[] = {"recipient", "u-2", "message", "m-1", "sender", "u-1"};
    static const char *const other[] = {"message", "m-2"};
    static const char *const absent[] = {"thing", "m-1"};
    struct encryption_context context = set_of(pairs, 3);
    struct buffer out;
    buffer_init(&out, 1000);
    encryption_context_write(&context, &out);
    struct bytes aad = buffer_bytes(&out);
    struct bytes value;
    assert_true(encryption_context_find(aad, BYTES_LIT("message"), &value));
    assert_true(bytes_equal_str(value, "m-1"));
    assert_false(encryption_context_find(aad, BYTES_LIT("messag"), &value));
    struct encryption_context some = set_of(pairs + 2, 2);
    assert_int_equal(encryption_context_require(aad, &some, NULL), ERR_OK);
    enum envelope_reason reason;
    some = set_of(other, 1);
    assert_int_equal(encryption_context_require(aad, &some, &reason), ERR_LETTER_DAMAGED);
    assert_int_equal(reason, ENVELOPE_REASON_CONTEXT_MISMATCH);
    some = set_of(absent, 1);
    assert_int_equal(encryption_context_require(aad, &some, NULL), ERR_LETTER_DAMAGED);
    buffer_fini(&out);
}

/* Any cut of a valid form, and any count but the right one, is malformed. */
static void refuses_cuts(void **state)
{
    (void)state;
    static const char *const pairs[] = {"a", "1", "b", "2"};
    struct encryption_context context = set_of(pairs, 2);
    struct buffer out;
    buffer_init(&out, 100);
    encryption_context_write(&context, &out);
    for (size_t n = 1; n < out.n; n++)
        assert_int_equal(encryption_context_check(bytes_of(out.p, n), NULL), ERR_SEALED_INVALID);
    for (uint8_t count = 0; count < 5; count++) {
        out.p[1] = count;
        enum envelope_reason reason;
        enum err e = encryption_context_check(buffer_bytes(&out), &reason);
        assert_int_equal(e, count == 2 ? ERR_OK : ERR_SEALED_INVALID);
        assert_int_equal(reason,
                         count == 2 ? ENVELOPE_REASON_NONE : ENVELOPE_REASON_CONTEXT_MALFORMED);
    }
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_by_bytes_of_the_name),
        cmocka_unit_test(empty_set_is_no_bytes),
        cmocka_unit_test(refuses_pairs),
        cmocka_unit_test(has_ceilings),
        cmocka_unit_test(finds_and_requires),
        cmocka_unit_test(refuses_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
