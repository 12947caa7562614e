#include "envelope/ecdh_encoding.h"

#include "base/encode.h"
#include "base/mem.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* A named-curve P-256 key has one DER form for each form of the point, so that the bytes around the
 * point are constant. AlgorithmIdentifier: id-ecPublicKey, prime256v1. */
#define ALGORITHM                                                                                  \
    "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define SPKI_UNCOMPRESSED "\x30\x59" ALGORITHM "\x03\x42\x00"
#define SPKI_COMPRESSED "\x30\x39" ALGORITHM "\x03\x22\x00"
/* PrivateKeyInfo version 0 around ECPrivateKey version 1 with its public key. */
#define PKCS8_BEFORE_SCALAR                                                                        \
    "\x30\x81\x87\x02\x01\x00" ALGORITHM "\x04\x6d\x30\x6b\x02\x01\x01\x04\x20"
#define PKCS8_BEFORE_POINT "\xa1\x44\x03\x42\x00"
#define PKCS8_BYTES 138u
#define PEM_LABEL "PRIVATE KEY"
#define PEM_LINE_CHARACTERS 64u
#define PEM_MAX_CHARACTERS 200u /* base64 of PKCS8_BYTES is 184 */

enum err ecdh_encoding_read_spki(struct bytes der, struct ecdh_public *out)
{
    const struct bytes compressed = BYTES_LIT(SPKI_COMPRESSED);
    const struct bytes uncompressed = BYTES_LIT(SPKI_UNCOMPRESSED);
    if (bytes_starts_with(der, compressed))
        return ecdh_public_from_bytes(bytes_slice(der, compressed.n, SIZE_MAX), out);
    if (bytes_starts_with(der, uncompressed))
        return ecdh_public_from_uncompressed(bytes_slice(der, uncompressed.n, SIZE_MAX), out);
    return ERR_INVALID_FIELD;
}

void ecdh_encoding_write_spki(const struct ecdh_public *public, struct buffer *out)
{
    buffer_append(out, BYTES_LIT(SPKI_UNCOMPRESSED));
    ecdh_public_write_uncompressed(public, out);
}

/* Copies a number of the key, as 32 bytes; false when there is none or it is longer. */
static bool get_number(const EVP_PKEY *pkey, const char *name, uint8_t out[SECRET_BYTES])
{
    BIGNUM *n = NULL;
    bool ok = EVP_PKEY_get_bn_param(pkey, name, &n) == 1 &&
              BN_bn2binpad(n, out, SECRET_BYTES) == (int)SECRET_BYTES;
    BN_clear_free(n);
    return ok;
}

static bool is_p256(const EVP_PKEY *pkey)
{
    char group[32];
    return EVP_PKEY_is_a(pkey, "EC") == 1 &&
           EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* A file whose public key is not that of its private key is damaged or made to mislead. */
static bool public_agrees(const EVP_PKEY *pkey, const struct ecdh_public *public)
{
    uint8_t x[SECRET_BYTES];
    uint8_t y[SECRET_BYTES];
    return get_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, x) &&
           get_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, y) &&
           memcmp(x, public->point.b + 1, sizeof x) == 0 && memcmp(y, public->y, sizeof y) == 0;
}

static enum err read_pkey(const EVP_PKEY *pkey, struct ecdh_key *out)
{
    struct secret scalar = {{0}};
    enum err e = ERR_INVALID_FIELD;
    if (is_p256(pkey) && get_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, scalar.b))
        e = ecdh_key_from_scalar(&scalar, out);
    secret_fini(&scalar);
    if (e == ERR_OK && !public_agrees(pkey, &out->public)) {
        ecdh_key_fini(out);
        return ERR_INVALID_FIELD;
    }
    return e;
}

enum err ecdh_encoding_read_pkcs8(struct bytes der, struct ecdh_key *out)
{
    if (der.n == 0 || der.n > ECDH_ENCODING_MAX_BYTES)
        return ERR_INVALID_FIELD;
    enum err e = ERR_INVALID_FIELD;
    (void)ERR_set_mark();
    const uint8_t *p = der.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
    EVP_PKEY *pkey = NULL;
    if (info != NULL && p == der.p + der.n)
        pkey = EVP_PKCS82PKEY(info);
    if (pkey != NULL)
        e = read_pkey(pkey, out);
    EVP_PKEY_free(pkey);
    PKCS8_PRIV_KEY_INFO_free(info);
    (void)ERR_pop_to_mark();
    return e;
}

/* True when nothing but white space is left to read. */
static bool only_space_left(BIO *bio)
{
    char c;
    while (BIO_read(bio, &c, 1) == 1) {
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            return false;
    }
    return true;
}

enum err ecdh_encoding_read_pem(struct bytes pem, struct ecdh_key *out)
{
    if (pem.n == 0 || pem.n > ECDH_ENCODING_MAX_BYTES)
        return ERR_INVALID_FIELD;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio == NULL)
        abort();
    enum err e = ERR_INVALID_FIELD;
    char *label = NULL;
    char *headers = NULL;
    uint8_t *der = NULL;
    long n = 0;
    (void)ERR_set_mark();
    if (PEM_read_bio_ex(bio, &label, &headers, &der, &n, PEM_FLAG_SECURE) == 1 &&
        strcmp(label, PEM_LABEL) == 0 && headers[0] == '\0' && only_space_left(bio))
        e = ecdh_encoding_read_pkcs8(bytes_of(der, (size_t)n), out);
    (void)ERR_pop_to_mark();
    OPENSSL_secure_free(label);
    OPENSSL_secure_free(headers);
    OPENSSL_secure_clear_free(der, (size_t)n);
    BIO_free(bio);
    return e;
}

void ecdh_encoding_write_pkcs8(const struct ecdh_key *key, struct buffer *out)
{
    buffer_append(out, BYTES_LIT(PKCS8_BEFORE_SCALAR));
    buffer_append(out, secret_bytes(&key->scalar));
    buffer_append(out, BYTES_LIT(PKCS8_BEFORE_POINT));
    ecdh_public_write_uncompressed(&key->public, out);
}

void ecdh_encoding_write_pem(const struct ecdh_key *key, struct buffer *out)
{
    struct buffer der;
    struct buffer text;
    buffer_init(&der, PKCS8_BYTES);
    buffer_init(&text, PEM_MAX_CHARACTERS);
    ecdh_encoding_write_pkcs8(key, &der);
    encode_base64(&text, buffer_bytes(&der));
    buffer_append_str(out, "-----BEGIN " PEM_LABEL "-----\n");
    for (size_t at = 0; at < text.n; at += PEM_LINE_CHARACTERS) {
        buffer_append(out, bytes_slice(buffer_bytes(&text), at, PEM_LINE_CHARACTERS));
        buffer_append_u8(out, '\n');
    }
    buffer_append_str(out, "-----END " PEM_LABEL "-----\n");
    buffer_fini(&text);
    buffer_fini(&der);
}
