#include "token_forge.h"

#include "base/buffer.h"
#include "base/encode.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define HALF_BYTES 32
#define DER_MAX_BYTES 80
#define TEXT_MAX_BYTES 65536u

static enum err jwks(void *self, struct ctx *ctx, struct bytes *json)
{
    struct forge *forge = self;
    (void)ctx;
    forge->jwks_fetches++;
    *json = bytes_of_str(forge->jwks);
    return forge->jwks_result;
}

static const char *base64url(struct arena *arena, struct bytes data)
{
    struct buffer text;
    buffer_init(&text, TEXT_MAX_BYTES);
    encode_base64url(&text, data);
    const char *copy = arena_str(arena, buffer_bytes(&text));
    buffer_fini(&text);
    return copy;
}

static const char *coordinate(const struct forge *forge, struct arena *arena, const char *name)
{
    BIGNUM *n = NULL;
    uint8_t raw[HALF_BYTES];
    if (EVP_PKEY_get_bn_param(forge->key, name, &n) != 1 || BN_bn2binpad(n, raw, HALF_BYTES) < 0)
        abort();
    BN_free(n);
    return base64url(arena, bytes_of(raw, sizeof raw));
}

const char *forge_jwk(const struct forge *forge, struct arena *arena, const char *id)
{
    return arena_printf(
        arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}", id,
        coordinate(forge, arena, OSSL_PKEY_PARAM_EC_PUB_X),
        coordinate(forge, arena, OSSL_PKEY_PARAM_EC_PUB_Y));
}

void forge_init(struct forge *forge, struct arena *arena)
{
    *forge = (struct forge){
        .key = EVP_EC_gen("P-256"),
        .port = {.self = forge,
                 .jwks = jwks,
                 .issuer = FORGE_ISSUER,
                 .audience = FORGE_AUDIENCE,
                 .algorithm = "ES256"},
    };
    if (forge->key == NULL)
        abort();
    forge->jwks = arena_printf(arena, "{\"keys\":[%s]}", forge_jwk(forge, arena, FORGE_KEY_ID));
}

void forge_fini(struct forge *forge)
{
    EVP_PKEY_free(forge->key);
}

struct bytes forge_input(struct arena *arena, struct bytes header, struct bytes payload)
{
    return bytes_of_str(
        arena_printf(arena, "%s.%s", base64url(arena, header), base64url(arena, payload)));
}

struct bytes forge_join(struct arena *arena, struct bytes input, struct bytes signature)
{
    return bytes_of_str(
        arena_printf(arena, "%.*s.%s", BYTES_FMT(input), base64url(arena, signature)));
}

struct bytes forge_sign(const struct forge *forge, struct arena *arena, struct bytes input,
                        bool der)
{
    uint8_t signature[DER_MAX_BYTES];
    size_t n = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL ||
        EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, forge->key, NULL) != 1 ||
        EVP_DigestSign(ctx, signature, &n, input.p, input.n) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
    if (der)
        return arena_copy(arena, bytes_of(signature, n));
    uint8_t raw[2 * HALF_BYTES];
    const uint8_t *at = signature;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)n);
    if (parsed == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(parsed), raw, HALF_BYTES) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parsed), raw + HALF_BYTES, HALF_BYTES) < 0)
        abort();
    ECDSA_SIG_free(parsed);
    return arena_copy(arena, bytes_of(raw, sizeof raw));
}

struct bytes forge_token(const struct forge *forge, struct arena *arena, const char *header,
                         const char *payload)
{
    struct bytes input = forge_input(arena, bytes_of_str(header), bytes_of_str(payload));
    return forge_join(arena, input, forge_sign(forge, arena, input, false));
}
