/* The verifier of tokens: published vectors, and forgeries, each of which is one step away from a
 * good token. */
#include "base/encode.h"
#include "base/threads.h"
#include "core/token.h"
#include "core/token_keys.h"
#include "token_forge.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_S 1795000000
#define TIMES "\"iat\":1795000000,\"exp\":1795003600"
#define SUBJECT                                                                                    \
    "\"sub\":\"7d444840-9dc0-41d1-b245-5ffdce74fad2\","                                            \
    "\"sid\":\"9f2b1c3e-0d1a-4b5c-8e6f-102030405060\""
#define ISSUER "\"iss\":\"" FORGE_ISSUER "\""
#define ID_USE "\"token_use\":\"id\",\"aud\":\"letterlock\",\"cognito:username\":\"anna\""
#define ACCESS_USE "\"token_use\":\"access\",\"client_id\":\"letterlock\",\"username\":\"anna\""
#define CUSTODY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define ID_CLAIMS "{" ISSUER "," SUBJECT "," ID_USE "," TIMES "}"

struct fixture {
    struct arena arena;
    struct ctx ctx;
    struct forge forge;
    struct token_verifier *verifier;
    struct actor actor;
};

static int open_fixture(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    ctx_init(&f.ctx, &f.arena, 10000);
    f.ctx.now_unix_ms = NOW_S * INT64_C(1000);
    forge_init(&f.forge, &f.arena);
    f.verifier = token_verifier_create(&f.forge.port);
    *state = &f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    token_verifier_destroy(f->verifier);
    forge_fini(&f->forge);
    arena_fini(&f->arena);
    return 0;
}

static enum err verify(struct fixture *f, struct bytes token)
{
    return token_verify(f->verifier, &f->ctx, token, &f->actor);
}

/* The end of a token with that header or payload, rightly signed. */
static enum err verify_claims(struct fixture *f, const char *claims)
{
    return verify(f, forge_token(&f->forge, &f->arena, FORGE_HEADER, claims));
}

static enum err verify_header(struct fixture *f, const char *header)
{
    return verify(f, forge_token(&f->forge, &f->arena, header, ID_CLAIMS));
}

static void assert_refused(struct fixture *f, struct bytes token)
{
    static const struct actor nobody;
    assert_int_equal(verify(f, token), ERR_UNAUTHENTICATED);
    assert_memory_equal(&f->actor, &nobody, sizeof nobody);
}

/* --- vectors --- */

/* Of RFC 7515, appendices A.2 and A.3, with the key id that a set needs. */
#define RFC_PAYLOAD                                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
static const char es256_key[] = "{\"keys\":[{\"kid\":\"rfc\",\"kty\":\"EC\",\"crv\":\"P-256\","
                                "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                                "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
static const char es256_signature[] =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char rs256_key[] =
    "{\"keys\":[{\"kid\":\"rfc\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4"
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX"
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}]}";
static const char rs256_signature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static void check_vector(enum token_algorithm algorithm, const char *set, struct bytes input,
                         const char *signature)
{
    struct arena arena = {0};
    struct token_keys keys;
    struct bytes raw;
    assert_true(token_keys_parse(&keys, algorithm, bytes_of_str(set)));
    const struct token_key *key = token_keys_find(&keys, BYTES_LIT("rfc"));
    assert_non_null(key);
    assert_true(encode_base64url_decode(&arena, bytes_of_str(signature), &raw));
    assert_true(token_key_verify(key, input, raw));
    assert_false(token_key_verify(key, bytes_slice(input, 1, SIZE_MAX), raw));
    assert_false(token_key_verify(key, input, bytes_slice(raw, 0, raw.n - 1)));
    assert_false(token_key_verify(key, input, (struct bytes){0}));
    uint8_t *changed = arena_alloc(&arena, raw.n + 1);
    for (size_t i = 0; i < raw.n; i++) {
        memcpy(changed, raw.p, raw.n);
        changed[i] ^= 1;
        assert_false(token_key_verify(key, input, bytes_of(changed, raw.n)));
    }
    memcpy(changed, raw.p, raw.n);
    changed[raw.n] = 0;
    assert_false(token_key_verify(key, input, bytes_of(changed, raw.n + 1)));
    token_keys_fini(&keys);
    arena_fini(&arena);
}

static void test_published_vectors(void **state)
{
    (void)state;
    check_vector(TOKEN_ES256, es256_key, BYTES_LIT("eyJhbGciOiJFUzI1NiJ9." RFC_PAYLOAD),
                 es256_signature);
    check_vector(TOKEN_RS256, rs256_key, BYTES_LIT("eyJhbGciOiJSUzI1NiJ9." RFC_PAYLOAD),
                 rs256_signature);
}

/* --- key sets --- */

static size_t keys_of(enum token_algorithm algorithm, const char *json)
{
    struct token_keys keys;
    (void)token_keys_parse(&keys, algorithm, bytes_of_str(json));
    size_t count = keys.count;
    token_keys_fini(&keys);
    return count;
}

static void test_keys_are_for_one_algorithm(void **state)
{
    (void)state;
    assert_int_equal(keys_of(TOKEN_ES256, es256_key), 1);
    assert_int_equal(keys_of(TOKEN_RS256, es256_key), 0);
    assert_int_equal(keys_of(TOKEN_RS256, rs256_key), 1);
    assert_int_equal(keys_of(TOKEN_ES256, rs256_key), 0);
}

static void test_unusable_keys_are_passed_over(void **state)
{
    struct fixture *f = *state;
    const char *good = forge_jwk(&f->forge, &f->arena, "good");
    static const char *const bad[] = {
        "1",
        "{}",
        "{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"b\",\"x\":\"AA\",\"y\":\"AA\"}",
        /* not on the curve */
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"c\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"d\",\"use\":\"enc\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\",\"alg\":\"ES384\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *set = arena_printf(&f->arena, "{\"keys\":[%s,%s]}", bad[i], good);
        assert_int_equal(keys_of(TOKEN_ES256, set), 1);
    }
    assert_int_equal(keys_of(TOKEN_ES256, "{\"keys\":{}}"), 0);
    assert_int_equal(keys_of(TOKEN_ES256, "["), 0);
}

/* --- good tokens --- */

static void test_id_token(void **state)
{
    struct fixture *f = *state;
    struct bytes token = forge_token(&f->forge, &f->arena, FORGE_HEADER,
                                     "{" ISSUER "," SUBJECT "," ID_USE
                                     ",\"letterlock:custody\":\"" CUSTODY "\"," TIMES "}");
    assert_int_equal(verify(f, token), ERR_OK);
    assert_int_equal(f->actor.power, ACTOR_ID);
    assert_true(f->actor.has_custody);
    for (uint8_t i = 0; i < SECRET_BYTES; i++)
        assert_int_equal(f->actor.custody.b[i], i);
    assert_string_equal(f->actor.username, "anna");
    assert_int_equal(f->actor.user_id.b[0], 0x7d);
    assert_int_equal(f->actor.session_id.b[0], 0x9f);
    assert_int_equal(f->actor.expires_unix_ms, INT64_C(1795003600000));
    assert_ptr_equal(f->actor.id_token.p, token.p);
}

/* An access token opens nothing, whatever it claims. */
static void test_access_token(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(verify_claims(f, "{" ISSUER "," SUBJECT "," ACCESS_USE
                                      ",\"letterlock:custody\":\"" CUSTODY "\"," TIMES "}"),
                     ERR_OK);
    assert_int_equal(f->actor.power, ACTOR_ACCESS);
    assert_false(f->actor.has_custody);
    assert_int_equal(f->actor.id_token.n, 0);
}

/* --- forged ones --- */

static void test_algorithms(void **state)
{
    struct fixture *f = *state;
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"key 1\"}",
        "{\"alg\":\"None\",\"kid\":\"key 1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"key 1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"key 1\"}",
        "{\"alg\":\"es256\",\"kid\":\"key 1\"}",
        "{\"alg\":[\"ES256\"],\"kid\":\"key 1\"}",
        "{\"kid\":\"key 1\"}",
        "{\"alg\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"kid\":1}",
        "{\"alg\":\"ES256\",\"kid\":\"key 1\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"key 1\"}",
        "[\"ES256\"]",
        "",
    };
    assert_int_equal(verify_header(f, FORGE_HEADER), ERR_OK);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_int_equal(verify_header(f, headers[i]), ERR_UNAUTHENTICATED);
    struct bytes none = forge_input(&f->arena, BYTES_LIT("{\"alg\":\"none\",\"kid\":\"key 1\"}"),
                                    BYTES_LIT(ID_CLAIMS));
    assert_refused(f, forge_join(&f->arena, none, (struct bytes){0}));
}

/* The classic: HS256 with what is public, the key's PEM, as the secret. */
static void test_public_key_as_hmac_secret(void **state)
{
    struct fixture *f = *state;
    BIO *pem = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(pem, f->forge.key), 1);
    char *secret = NULL;
    long secret_n = BIO_get_mem_data(pem, &secret);
    struct bytes input = forge_input(&f->arena, BYTES_LIT("{\"alg\":\"HS256\",\"kid\":\"key 1\"}"),
                                     BYTES_LIT(ID_CLAIMS));
    uint8_t mac[32];
    unsigned mac_n = 0;
    assert_non_null(HMAC(EVP_sha256(), secret, (int)secret_n, input.p, input.n, mac, &mac_n));
    assert_refused(f, forge_join(&f->arena, input, bytes_of(mac, mac_n)));
    BIO_free(pem);
}

static void test_signatures(void **state)
{
    struct fixture *f = *state;
    struct bytes input = forge_input(&f->arena, BYTES_LIT(FORGE_HEADER), BYTES_LIT(ID_CLAIMS));
    struct bytes raw = forge_sign(&f->forge, &f->arena, input, false);
    assert_int_equal(verify(f, forge_join(&f->arena, input, raw)), ERR_OK);
    assert_refused(f, forge_join(&f->arena, input, forge_sign(&f->forge, &f->arena, input, true)));
    assert_refused(f, forge_join(&f->arena, input, bytes_slice(raw, 0, 63)));
    uint8_t other[65] = {0};
    assert_refused(f, forge_join(&f->arena, input, bytes_of(other, 64)));
    memcpy(other, raw.p, 64);
    assert_refused(f, forge_join(&f->arena, input, bytes_of(other, 65)));
    for (size_t i = 0; i < 64; i++)
        other[i] = raw.p[(i + 32) % 64];
    assert_refused(f, forge_join(&f->arena, input, bytes_of(other, 64)));
    /* Another's signature, another's claims. */
    struct forge stranger;
    forge_init(&stranger, &f->arena);
    assert_refused(f, forge_token(&stranger, &f->arena, FORGE_HEADER, ID_CLAIMS));
    forge_fini(&stranger);
    struct bytes claims = forge_input(&f->arena, BYTES_LIT(FORGE_HEADER),
                                      BYTES_LIT("{" ISSUER "," SUBJECT "," ID_USE "," TIMES " }"));
    assert_refused(f, forge_join(&f->arena, claims, raw));
}

static void test_shapes(void **state)
{
    struct fixture *f = *state;
    struct bytes token = forge_token(&f->forge, &f->arena, FORGE_HEADER, ID_CLAIMS);
    assert_int_equal(verify(f, token), ERR_OK);
    for (size_t n = 0; n < token.n; n++)
        assert_refused(f, bytes_slice(token, 0, n));
    const char *good = arena_str(&f->arena, token);
    assert_refused(f, bytes_of_str(arena_printf(&f->arena, "%s.", good)));
    assert_refused(f, bytes_of_str(arena_printf(&f->arena, ".%s", good)));
    assert_refused(f, bytes_of_str(arena_printf(&f->arena, "%s.AAAA", good)));
    assert_refused(f, bytes_of_str(arena_printf(&f->arena, "%s=", good)));
    assert_refused(f, bytes_of_str(arena_printf(&f->arena, " %s", good)));
    assert_refused(f, bytes_of_str(arena_printf(&f->arena, "%s\n", good)));
    char *large = arena_alloc(&f->arena, TOKEN_MAX_BYTES + 2);
    memset(large, 'A', TOKEN_MAX_BYTES + 1);
    assert_refused(f, bytes_of_str(large));
}

/* 64 bytes leave four spare bits in the last character: only zeroes are canonical. */
static void test_base64url_is_canonical(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct fixture *f = *state;
    struct bytes token = forge_token(&f->forge, &f->arena, FORGE_HEADER, ID_CLAIMS);
    char *other = arena_str(&f->arena, token);
    size_t value = (size_t)(strchr(alphabet, other[token.n - 1]) - alphabet);
    assert_int_equal(value % 16, 0);
    for (size_t spare = 1; spare < 16; spare++) {
        other[token.n - 1] = alphabet[value + spare];
        assert_refused(f, bytes_of_str(other));
    }
}

static void test_claims(void **state)
{
    struct fixture *f = *state;
    static const char *const claims[] = {
        "{\"iss\":\"https://evil.example.org\"," SUBJECT "," ID_USE "," TIMES "}",
        "{\"iss\":\"" FORGE_ISSUER "/\"," SUBJECT "," ID_USE "," TIMES "}",
        "{" SUBJECT "," ID_USE "," TIMES "}",
        "{" ISSUER "," SUBJECT ",\"token_use\":\"id\",\"cognito:username\":\"anna\"," TIMES "}",
        "{" ISSUER "," SUBJECT ",\"token_use\":\"id\",\"aud\":\"other\","
        "\"cognito:username\":\"anna\"," TIMES "}",
        "{" ISSUER "," SUBJECT ",\"token_use\":\"access\",\"aud\":\"letterlock\","
        "\"username\":\"anna\"," TIMES "}",
        "{" ISSUER "," SUBJECT ",\"token_use\":\"id\",\"client_id\":\"letterlock\","
        "\"cognito:username\":\"anna\"," TIMES "}",
        "{" ISSUER "," SUBJECT ",\"token_use\":\"refresh\",\"aud\":\"letterlock\","
        "\"cognito:username\":\"anna\"," TIMES "}",
        "{" ISSUER "," SUBJECT ",\"aud\":\"letterlock\",\"cognito:username\":\"anna\"," TIMES "}",
        "{" ISSUER ",\"sub\":\"anna\",\"sid\":\"9f2b1c3e-0d1a-4b5c-8e6f-102030405060\"," ID_USE
        "," TIMES "}",
        "{" ISSUER ",\"sub\":\"7d444840-9dc0-41d1-b245-5ffdce74fad2\"," ID_USE "," TIMES "}",
        "{" ISSUER "," SUBJECT ",\"token_use\":\"id\",\"aud\":\"letterlock\"," TIMES "}",
        "{" ISSUER "," SUBJECT ",\"token_use\":\"id\",\"aud\":\"letterlock\","
        "\"cognito:username\":\"a name of more than thirty-two bytes\"," TIMES "}",
        "{" ISSUER "," SUBJECT "," ID_USE ",\"letterlock:custody\":\"AAEC\"," TIMES "}",
        "{" ISSUER "," SUBJECT "," ID_USE ",\"letterlock:custody\":\"" CUSTODY "=\"," TIMES "}",
        "{" ISSUER "," SUBJECT "," ID_USE "," TIMES "," ISSUER "}",
        "{" ISSUER "," SUBJECT "," ID_USE "," TIMES "} {}",
        "[]",
        "",
    };
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
        assert_refused(f, forge_token(&f->forge, &f->arena, FORGE_HEADER, claims[i]));
}

static void test_times(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *times;
        enum err e;
    } cases[] = {
        {"\"iat\":1794999000,\"exp\":1795000001", ERR_OK},
        {"\"iat\":1794999000,\"exp\":1795000000", ERR_TOKEN_EXPIRED},
        {"\"iat\":1794999000,\"exp\":0", ERR_TOKEN_EXPIRED},
        {"\"iat\":1794999000,\"exp\":-1", ERR_UNAUTHENTICATED},
        {"\"iat\":1794999000,\"exp\":9223372036854775807", ERR_UNAUTHENTICATED},
        {"\"iat\":1794999000,\"exp\":99999999999999999999", ERR_UNAUTHENTICATED},
        {"\"iat\":1794999000,\"exp\":1795000001.5", ERR_UNAUTHENTICATED},
        {"\"iat\":1794999000,\"exp\":\"1795000001\"", ERR_UNAUTHENTICATED},
        {"\"iat\":1794999000", ERR_UNAUTHENTICATED},
        {"\"exp\":1795003600", ERR_UNAUTHENTICATED},
        {"\"iat\":1795000060,\"exp\":1795003600", ERR_OK},
        {"\"iat\":1795000061,\"exp\":1795003600", ERR_UNAUTHENTICATED},
        {"\"iat\":1795000000,\"exp\":1795003600,\"nbf\":1795000060", ERR_OK},
        {"\"iat\":1795000000,\"exp\":1795003600,\"nbf\":1795000061", ERR_UNAUTHENTICATED},
        {"\"iat\":1795000000,\"exp\":1795003600,\"nbf\":\"now\"", ERR_UNAUTHENTICATED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            verify_claims(f, arena_printf(&f->arena, "{" ISSUER "," SUBJECT "," ID_USE ",%s}",
                                          cases[i].times)),
            cases[i].e);
}

/* --- fetching keys --- */

/* A token of one key under the id of another is refused; so is one of a key that nobody knows, and
 * a stream of them does not become a stream of fetches. */
static void test_key_ids(void **state)
{
    struct fixture *f = *state;
    struct forge second;
    forge_init(&second, &f->arena);
    f->forge.jwks =
        arena_printf(&f->arena, "{\"keys\":[%s,%s]}", forge_jwk(&f->forge, &f->arena, FORGE_KEY_ID),
                     forge_jwk(&second, &f->arena, "key 2"));
    static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"key 2\"}";
    assert_int_equal(verify(f, forge_token(&second, &f->arena, header, ID_CLAIMS)), ERR_OK);
    assert_int_equal(verify_header(f, FORGE_HEADER), ERR_OK);
    assert_int_equal(verify_header(f, header), ERR_UNAUTHENTICATED);
    assert_refused(f, forge_token(&second, &f->arena, FORGE_HEADER, ID_CLAIMS));
    assert_int_equal(f->forge.jwks_fetches, 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(verify_header(f, "{\"alg\":\"ES256\",\"kid\":\"key 3\"}"),
                         ERR_UNAUTHENTICATED);
    assert_true(f->forge.jwks_fetches <= 2);
    forge_fini(&second);
}

static void test_key_set_out_of_reach(void **state)
{
    struct fixture *f = *state;
    f->forge.jwks_result = ERR_DEADLINE;
    assert_int_equal(verify_header(f, FORGE_HEADER), ERR_DEADLINE);
    token_verifier_destroy(f->verifier);
    f->verifier = token_verifier_create(&f->forge.port);
    f->forge.jwks_result = ERR_OK;
    f->forge.jwks = "<html>";
    assert_int_equal(verify_header(f, FORGE_HEADER), ERR_UNAVAILABLE);
    /* Not the token's fault, also while nothing is fetched. */
    assert_int_equal(verify_header(f, FORGE_HEADER), ERR_UNAVAILABLE);
}

struct racer {
    struct thread thread;
    struct fixture *f;
    struct bytes token;
    enum err result;
};

static void verify_in_race(void *arg)
{
    struct racer *racer = arg;
    struct arena arena = {0};
    struct ctx ctx;
    struct actor actor;
    ctx_init(&ctx, &arena, 60000);
    ctx.now_unix_ms = racer->f->ctx.now_unix_ms;
    racer->result = token_verify(racer->f->verifier, &ctx, racer->token, &actor);
    actor_fini(&actor);
    arena_fini(&arena);
}

/* The first tokens after a start come all at once: those that do not fetch the keys wait for them.
 */
static void test_first_tokens_at_once(void **state)
{
    struct fixture *f = *state;
    enum { RACERS = 8, ROUNDS = 50 };
    struct racer racers[RACERS];
    struct bytes token = forge_token(&f->forge, &f->arena, FORGE_HEADER, ID_CLAIMS);
    for (int round = 0; round < ROUNDS; round++) {
        token_verifier_destroy(f->verifier);
        f->verifier = token_verifier_create(&f->forge.port);
        f->forge.jwks_fetches = 0;
        for (size_t i = 0; i < RACERS; i++) {
            racers[i] = (struct racer){.f = f, .token = token};
            thread_start(&racers[i].thread, "racer", verify_in_race, &racers[i]);
        }
        for (size_t i = 0; i < RACERS; i++)
            thread_join(&racers[i].thread);
        for (size_t i = 0; i < RACERS; i++)
            assert_int_equal(racers[i].result, ERR_OK);
        assert_int_equal(f->forge.jwks_fetches, 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors),
        cmocka_unit_test(test_keys_are_for_one_algorithm),
        TEST(test_unusable_keys_are_passed_over),
        TEST(test_id_token),
        TEST(test_access_token),
        TEST(test_algorithms),
        TEST(test_public_key_as_hmac_secret),
        TEST(test_signatures),
        TEST(test_shapes),
        TEST(test_base64url_is_canonical),
        TEST(test_claims),
        TEST(test_times),
        TEST(test_key_ids),
        TEST(test_key_set_out_of_reach),
        TEST(test_first_tokens_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
