/* AES-256-GCM (SP 800-38D) with 96-bit IVs over OpenSSL EVP, keyed once and used for many messages.
 * OpenSSL fails here for lack of memory only, so all but the tag check abort on failure. */
#ifndef LETTERLOCK_ENVELOPE_GCM_H
#define LETTERLOCK_ENVELOPE_GCM_H

#include "base/bytes.h"
#include "base/secret.h"

#include <openssl/types.h>

#define GCM_IV_BYTES 12u
#define GCM_TAG_BYTES 16u

enum gcm_direction {
    GCM_OPEN = 0,
    GCM_SEAL = 1,
};

struct gcm {
    EVP_CIPHER_CTX *ctx; /* holds the key; owned */
};

/* Sets the key. gcm_fini cleanses and frees. */
void gcm_init(struct gcm *g, enum gcm_direction direction, const struct secret *key);

/* A zeroed struct is legal. */
void gcm_fini(struct gcm *g);

/* Starts one encryption or decryption. */
void gcm_start(struct gcm *g, const uint8_t iv[GCM_IV_BYTES]);

/* Adds to the associated data; before the first gcm_update. */
void gcm_aad(struct gcm *g, struct bytes aad);

/* Processes the next part of the text into out, which takes text.n bytes (at most INT_MAX; out may
 * be text.p). When opening, out is not to be trusted before gcm_check. */
void gcm_update(struct gcm *g, struct bytes text, uint8_t *out);

/* Ends an encryption and gives its tag. */
void gcm_tag(struct gcm *g, uint8_t tag[GCM_TAG_BYTES]);

/* Ends a decryption: true when the tag fits. */
bool gcm_check(struct gcm *g, const uint8_t tag[GCM_TAG_BYTES]) __attribute__((warn_unused_result));

#endif
