#include "core/token_keys.h"

#include "base/encode.h"
#include "base/json.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#define ES256_HALF_BYTES 32u
#define ES256_DER_MAX_BYTES 80
#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192

/* Builds a public key of that type; takes params. */
static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

/* The base64url member of a key. */
static bool member(struct arena *arena, const json_t *jwk, const char *name, struct bytes *out)
{
    struct bytes text;
    return json_get_bytes(jwk, name, &text) && encode_base64url_decode(arena, text, out);
}

static bool member_is(const json_t *jwk, const char *name, const char *value)
{
    struct bytes text;
    return json_get_bytes(jwk, name, &text) && bytes_equal_str(text, value);
}

/* RFC 7518 section 6.2.1: coordinates are 32 bytes each. OpenSSL refuses points off the curve. */
static EVP_PKEY *ec_key(struct arena *arena, const json_t *jwk)
{
    struct bytes x;
    struct bytes y;
    if (!member_is(jwk, "kty", "EC") || !member_is(jwk, "crv", "P-256") ||
        !member(arena, jwk, "x", &x) || !member(arena, jwk, "y", &y) || x.n != ES256_HALF_BYTES ||
        y.n != ES256_HALF_BYTES)
        return NULL;
    uint8_t point[1 + 2 * ES256_HALF_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    memcpy(point + 1, x.p, x.n);
    memcpy(point + 1 + x.n, y.p, y.n);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
        key = key_from_params("EC", OSSL_PARAM_BLD_to_param(build));
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *rsa_key(struct arena *arena, const json_t *jwk)
{
    struct bytes n;
    struct bytes e;
    if (!member_is(jwk, "kty", "RSA") || !member(arena, jwk, "n", &n) ||
        !member(arena, jwk, "e", &e) || n.n > RSA_MAX_BITS / 8 || n.n < RSA_MIN_BITS / 8 ||
        e.n == 0 || e.n > 8)
        return NULL;
    BIGNUM *modulus = BN_bin2bn(n.p, (int)n.n, NULL);
    BIGNUM *exponent = BN_bin2bn(e.p, (int)e.n, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (modulus != NULL && exponent != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        key = key_from_params("RSA", OSSL_PARAM_BLD_to_param(build));
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static void add_key(struct token_keys *keys, struct arena *arena, enum token_algorithm algorithm,
                    const json_t *jwk)
{
    struct bytes id;
    struct bytes text;
    const char *name = algorithm == TOKEN_ES256 ? "ES256" : "RS256";
    if (keys->count == TOKEN_KEYS_MAX || !json_get_bytes(jwk, "kid", &id) || id.n == 0 ||
        id.n >= TOKEN_KEY_ID_BYTES || token_keys_find(keys, id) != NULL)
        return;
    if (json_get_bytes(jwk, "alg", &text) && !bytes_equal_str(text, name))
        return;
    if (json_get_bytes(jwk, "use", &text) && !bytes_equal_str(text, "sig"))
        return;
    EVP_PKEY *key = algorithm == TOKEN_ES256 ? ec_key(arena, jwk) : rsa_key(arena, jwk);
    if (key == NULL)
        return;
    struct token_key *added = &keys->keys[keys->count++];
    *added = (struct token_key){.algorithm = algorithm, .key = key};
    memcpy(added->id, id.p, id.n);
}

bool token_keys_parse(struct token_keys *keys, enum token_algorithm algorithm, struct bytes json)
{
    *keys = (struct token_keys){0};
    json_t *set = json_parse_object(json);
    const json_t *list = json_object_get(set, "keys");
    bool ok = json_is_array(list);
    struct arena arena = {0};
    size_t i;
    const json_t *jwk;
    json_array_foreach(list, i, jwk) add_key(keys, &arena, algorithm, jwk);
    arena_fini(&arena);
    json_decref(set);
    return ok;
}

void token_keys_fini(struct token_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        EVP_PKEY_free(keys->keys[i].key);
    *keys = (struct token_keys){0};
}

const struct token_key *token_keys_find(const struct token_keys *keys, struct bytes id)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (bytes_equal_str(id, keys->keys[i].id))
            return &keys->keys[i];
    }
    return NULL;
}

/* OpenSSL takes ECDSA signatures in DER (RFC 3279 section 2.2.3) only. 0: not possible. */
static int es256_to_der(struct bytes raw, uint8_t der[ES256_DER_MAX_BYTES])
{
    if (raw.n != 2 * (size_t)ES256_HALF_BYTES)
        return 0;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.p, ES256_HALF_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(raw.p + ES256_HALF_BYTES, ES256_HALF_BYTES, NULL);
    int n = 0;
    if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = NULL; /* owned by the signature now */
        s = NULL;
        unsigned char *at = der;
        n = i2d_ECDSA_SIG(signature, &at);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return n > 0 ? n : 0;
}

bool token_key_verify(const struct token_key *key, struct bytes message, struct bytes signature)
{
    uint8_t der[ES256_DER_MAX_BYTES];
    if (key->algorithm == TOKEN_ES256) {
        int n = es256_to_der(signature, der);
        if (n == 0)
            return false;
        signature = bytes_of(der, (size_t)n);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    /* For RSA the default padding is PKCS#1 v1.5, which is what RS256 names. */
    bool ok = ctx != NULL &&
              EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key->key, NULL) == 1 &&
              EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}
