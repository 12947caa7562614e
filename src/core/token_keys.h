/* A JSON Web Key Set (RFC 7517 section 5) as verification keys, and the one signature check. */
#ifndef LETTERLOCK_CORE_TOKEN_KEYS_H
#define LETTERLOCK_CORE_TOKEN_KEYS_H

#include "base/bytes.h"

#include <openssl/types.h>

#define TOKEN_KEYS_MAX 16u
#define TOKEN_KEY_ID_BYTES 128u

enum token_algorithm { TOKEN_ES256, TOKEN_RS256 };

struct token_key {
    char id[TOKEN_KEY_ID_BYTES];
    enum token_algorithm algorithm;
    EVP_PKEY *key;
};

struct token_keys {
    struct token_key keys[TOKEN_KEYS_MAX];
    size_t count;
};

/* Reads the keys of json that are for algorithm and can be used; others are passed over, as RFC
 * 7517 section 5 asks. False when json is no key set. Call token_keys_fini in any case. */
bool token_keys_parse(struct token_keys *keys, enum token_algorithm algorithm, struct bytes json);

/* Frees. A zeroed struct is legal. */
void token_keys_fini(struct token_keys *keys);

/* The key of that id, or NULL. */
const struct token_key *token_keys_find(const struct token_keys *keys, struct bytes id);

/* True when signature (raw, as in RFC 7518: r || s of 32 bytes each for ES256) over message was
 * made with key's private key. */
bool token_key_verify(const struct token_key *key, struct bytes message, struct bytes signature);

#endif
