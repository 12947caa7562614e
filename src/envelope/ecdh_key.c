#include "envelope/ecdh_key.h"

#include "envelope/algorithms.h"

#include "base/mem.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#define COORDINATE_BYTES 32u
#define UNCOMPRESSED_BYTES 65u
#define PREFIX_UNCOMPRESSED 0x04u
#define PREFIX_EVEN 0x02u

static const EC_GROUP *p256(void)
{
    return algorithms_get()->p256;
}

/* Point arithmetic on valid points fails for lack of memory only. */
static void require(int ok)
{
    if (ok != 1)
        abort();
}

static void *require_memory(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

static void set_coordinates(const uint8_t uncompressed[UNCOMPRESSED_BYTES], struct ecdh_public *out)
{
    const uint8_t *y = uncompressed + 1 + COORDINATE_BYTES;
    out->point.b[0] = (uint8_t)(PREFIX_EVEN | (y[COORDINATE_BYTES - 1] & 1u));
    memcpy(out->point.b + 1, uncompressed + 1, COORDINATE_BYTES);
    memcpy(out->y, y, COORDINATE_BYTES);
}

static void read_point(const EC_POINT *point, struct ecdh_public *out, BN_CTX *bn)
{
    uint8_t raw[UNCOMPRESSED_BYTES];
    size_t n =
        EC_POINT_point2oct(p256(), point, POINT_CONVERSION_UNCOMPRESSED, raw, sizeof raw, bn);
    require(n == sizeof raw);
    set_coordinates(raw, out);
}

/* Checks that the encoding is a point of the curve other than infinity; the prefix decides the
 * form. */
static bool decode_point(struct bytes encoded, struct ecdh_public *out)
{
    BN_CTX *bn = require_memory(BN_CTX_new());
    EC_POINT *point = require_memory(EC_POINT_new(p256()));
    (void)ERR_set_mark();
    bool ok = EC_POINT_oct2point(p256(), point, encoded.p, encoded.n, bn) == 1 &&
              EC_POINT_is_at_infinity(p256(), point) == 0;
    (void)ERR_pop_to_mark();
    if (ok)
        read_point(point, out, bn);
    EC_POINT_free(point);
    BN_CTX_free(bn);
    return ok;
}

enum err ecdh_public_parse(const struct ecdh_point *point, struct ecdh_public *out)
{
    if ((point->b[0] & ~1u) != PREFIX_EVEN || !decode_point(ecdh_point_bytes(point), out))
        return ERR_INVALID_FIELD;
    return ERR_OK;
}

enum err ecdh_public_from_bytes(struct bytes compressed, struct ecdh_public *out)
{
    struct ecdh_point point;
    if (compressed.n != sizeof point.b)
        return ERR_INVALID_FIELD;
    memcpy(point.b, compressed.p, sizeof point.b);
    return ecdh_public_parse(&point, out);
}

enum err ecdh_public_from_uncompressed(struct bytes uncompressed, struct ecdh_public *out)
{
    if (uncompressed.n != UNCOMPRESSED_BYTES || uncompressed.p[0] != PREFIX_UNCOMPRESSED ||
        !decode_point(uncompressed, out))
        return ERR_INVALID_FIELD;
    return ERR_OK;
}

void ecdh_public_write_uncompressed(const struct ecdh_public *public, struct buffer *out)
{
    buffer_append_u8(out, PREFIX_UNCOMPRESSED);
    buffer_append(out, bytes_of(public->point.b + 1, COORDINATE_BYTES));
    buffer_append(out, bytes_of(public->y, COORDINATE_BYTES));
}

void ecdh_public_fingerprint(const struct ecdh_point *point, uint8_t out[DIGEST_SHA256_BYTES])
{
    digest_sha256(ecdh_point_bytes(point), out);
}

bool ecdh_point_equal(const struct ecdh_point *a, const struct ecdh_point *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

struct bytes ecdh_point_bytes(const struct ecdh_point *point)
{
    return bytes_of(point->b, sizeof point->b);
}

/* The scalar as a number that OpenSSL treats in constant time; free with BN_clear_free. */
static BIGNUM *scalar_number(const struct secret *scalar)
{
    BIGNUM *n = require_memory(BN_secure_new());
    BN_set_flags(n, BN_FLG_CONSTTIME);
    (void)require_memory(BN_bin2bn(scalar->b, sizeof scalar->b, n));
    return n;
}

enum err ecdh_key_from_scalar(const struct secret *scalar, struct ecdh_key *out)
{
    BIGNUM *d = scalar_number(scalar);
    if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(p256())) >= 0) {
        BN_clear_free(d);
        return ERR_INVALID_FIELD;
    }
    BN_CTX *bn = require_memory(BN_CTX_secure_new());
    EC_POINT *point = require_memory(EC_POINT_new(p256()));
    require(EC_POINT_mul(p256(), point, d, NULL, NULL, bn));
    out->scalar = *scalar;
    read_point(point, &out->public, bn);
    EC_POINT_clear_free(point);
    BN_CTX_free(bn);
    BN_clear_free(d);
    return ERR_OK;
}

void ecdh_key_generate(struct ecdh_key *out)
{
    struct secret scalar;
    /* All but one in 2^32 random values are in the range. */
    do {
        secret_random(&scalar);
    } while (ecdh_key_from_scalar(&scalar, out) != ERR_OK);
    secret_fini(&scalar);
}

void ecdh_key_fini(struct ecdh_key *key)
{
    mem_cleanse(key, sizeof *key);
}

static void load_point(const struct ecdh_public *public, EC_POINT *point, BN_CTX *bn)
{
    uint8_t raw[UNCOMPRESSED_BYTES] = {PREFIX_UNCOMPRESSED};
    memcpy(raw + 1, public->point.b + 1, COORDINATE_BYTES);
    memcpy(raw + 1 + COORDINATE_BYTES, public->y, COORDINATE_BYTES);
    require(EC_POINT_oct2point(p256(), point, raw, sizeof raw, bn));
}

void ecdh_key_agree(const struct ecdh_key *key, const struct ecdh_public *peer, struct secret *z)
{
    BIGNUM *d = scalar_number(&key->scalar);
    BIGNUM *x = require_memory(BN_secure_new());
    BN_CTX *bn = require_memory(BN_CTX_secure_new());
    EC_POINT *point = require_memory(EC_POINT_new(p256()));
    load_point(peer, point, bn);
    require(EC_POINT_mul(p256(), point, NULL, point, d, bn));
    require(EC_POINT_get_affine_coordinates(p256(), point, x, NULL, bn));
    require(BN_bn2binpad(x, z->b, sizeof z->b) == (int)sizeof z->b);
    EC_POINT_clear_free(point);
    BN_CTX_free(bn);
    BN_clear_free(x);
    BN_clear_free(d);
}
