/* Verifies the tokens of sessions: JSON Web Tokens (RFC 7519) in the compact serialisation of JSON
 * Web Signature (RFC 7515 section 7.1), signed by the issuer whose JWK Set (RFC 7517) the identity
 * port gives.
 *
 * The algorithm is the port's, never the token's: a key is used with the one algorithm it was made
 * for, and whatever else a header says is refused. Only ES256 and RS256 exist (RFC 7518 sections
 * 3.3 and 3.4). */
#ifndef LETTERLOCK_CORE_TOKEN_H
#define LETTERLOCK_CORE_TOKEN_H

#include "ports/identity.h"

#define TOKEN_MAX_BYTES 16384u
/* Clocks of issuer and verifier may differ by this much. */
#define TOKEN_LEEWAY_S 60

struct token_verifier;

/* Gives a verifier of the tokens of that issuer; identity outlives it. */
struct token_verifier *token_verifier_create(const struct identity *identity)
    __attribute__((returns_nonnull));

/* verifier may be NULL. */
void token_verifier_destroy(struct token_verifier *verifier);

/* Verifies signature, issuer, audience, use and time of token at ctx->now_unix_ms and fills in
 * *out, whose id_token borrows token. The key set is fetched when a key id is not known, at most
 * once in a few seconds; so it may wait, also for another thread's fetch. ERR_UNAUTHENTICATED for
 * anything that is not a token of this issuer, ERR_TOKEN_EXPIRED for one that was. Whether the
 * session still lives is not its business. Thread-safe. out is for actor_fini. */
enum err token_verify(struct token_verifier *verifier, struct ctx *ctx, struct bytes token,
                      struct actor *out) MUST_CHECK;

#endif
