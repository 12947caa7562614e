/* The issuer of our tokens: JSON Web Tokens (RFC 7519) signed with ES256 (RFC 7518 section 3.4) by
 * keys that turn over, published as a JWK Set (RFC 7517). Claims carry Cognito's names, so that one
 * verifier reads both.
 *
 * The signing keys lie open in the database: they say who is who, they open no letter. */
#ifndef LETTERLOCK_EMBEDDED_ISSUER_H
#define LETTERLOCK_EMBEDDED_ISSUER_H

#include "base/secret.h"
#include "embedded/store.h"

#define ISSUER_KEY_LIFETIME_MS (INT64_C(30) * 24 * 3600 * 1000)

struct issuer;

struct issuer_config {
    const char *url;      /* iss */
    const char *audience; /* aud and client_id */
    int64_t lifetime_s;   /* of ID and access tokens */
};

/* What goes into a pair of tokens. */
struct issuer_subject {
    struct uuid user_id;
    struct uuid session_id;
    struct bytes username;
    struct bytes email;
    const struct secret *custody; /* of sessions that can open; else NULL */
    int64_t authenticated_unix_ms;
};

/* Opens the issuer with the newest key of the store, making the first one. config outlives it. */
enum err issuer_open(struct ctx *ctx, struct store *store, const struct issuer_config *config,
                     struct issuer **out) MUST_CHECK;
void issuer_close(struct issuer *issuer);

/* Makes a new key when the present one is old, and forgets those whose tokens have all expired. A
 * new key signs at once: verifiers fetch the set when they meet an unknown key id. */
enum err issuer_rotate(struct issuer *issuer, struct ctx *ctx) MUST_CHECK;

/* The public keys as a JWK Set, in the arena. */
struct bytes issuer_jwks(struct issuer *issuer, struct arena *arena);

/* Signs an ID token and an access token, into the arena. ERR_INTERNAL when OpenSSL fails. */
enum err issuer_sign(struct issuer *issuer, struct ctx *ctx, const struct issuer_subject *subject,
                     struct bytes *id_token, struct bytes *access_token) MUST_CHECK;

#endif
