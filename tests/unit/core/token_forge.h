/* An issuer whose every byte the test decides: signs what it is given with a P-256 key of its own.
 */
#ifndef LETTERLOCK_TESTS_TOKEN_FORGE_H
#define LETTERLOCK_TESTS_TOKEN_FORGE_H

#include "ports/identity.h"

#include <openssl/types.h>

#define FORGE_ISSUER "https://letters.example.org"
#define FORGE_AUDIENCE "letterlock"
#define FORGE_KEY_ID "key 1"
#define FORGE_HEADER "{\"alg\":\"ES256\",\"kid\":\"" FORGE_KEY_ID "\",\"typ\":\"JWT\"}"

struct forge {
    EVP_PKEY *key;
    const char *jwks;      /* what the port gives; by default the public key under FORGE_KEY_ID */
    enum err jwks_result;  /* and how it ends */
    unsigned jwks_fetches; /* how often it was asked */
    struct identity port;  /* FORGE_ISSUER, FORGE_AUDIENCE, ES256; has jwks only */
};

/* arena keeps what the forge gives. */
void forge_init(struct forge *forge, struct arena *arena);
void forge_fini(struct forge *forge);

/* The public key as a JWK of that id. */
const char *forge_jwk(const struct forge *forge, struct arena *arena, const char *id);

/* base64url(header) . base64url(payload) */
struct bytes forge_input(struct arena *arena, struct bytes header, struct bytes payload);

/* input . base64url(signature) */
struct bytes forge_join(struct arena *arena, struct bytes input, struct bytes signature);

/* The ES256 signature over input, raw or in DER. */
struct bytes forge_sign(const struct forge *forge, struct arena *arena, struct bytes input,
                        bool der);

/* A token with that header and payload, rightly signed. */
struct bytes forge_token(const struct forge *forge, struct arena *arena, const char *header,
                         const char *payload);

#endif
