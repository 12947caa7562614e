/* The keys port: every user's own key; wrapping data keys to it and opening them with the owner's
 * session and nothing else. Embedded: P-256 key rings. AWS: one KMS customer key per user.
 *
 * Contract for every adapter:
 *  - Thread-safe. Calls may block until the deadline unless nonblocking is set.
 *  - wrap never needs a secret of the recipient; unwrap works only with a credential that
 * ctx->actor carries (custody secret, ID token) and only for keys of that actor.
 *  - Data keys and shared secrets are cleansed when their holder is done. */
#ifndef LETTERLOCK_PORTS_KEYS_H
#define LETTERLOCK_PORTS_KEYS_H

#include "base/ctx.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "envelope/encryption_context.h"
#include "envelope/header.h"
#include "ports/actor.h"

#define KEY_POINT_BYTES 33u      /* SEC1 compressed P-256 point */
#define KEY_REFERENCE_BYTES 256u /* an ARN, or an embedded key's UUID; NUL-terminated */

struct key_description {
    char reference[KEY_REFERENCE_BYTES]; /* what the user's record keeps */
    bool has_point;                      /* embedded: the public key itself */
    uint8_t point[KEY_POINT_BYTES];
    int64_t created_unix_ms;
    int64_t lost_before_unix_ms; /* letters sent before cannot be opened (password reset without
                                    recovery key); 0: none are lost */
};

struct key_wrap {
    const struct uuid *recipient_id;
    const char *recipient_reference; /* of the recipient's record */
    const char *sender_reference;    /* of the sender's record; AWS wraps the copy under it */
    bool copy;                       /* may the sender open it too? */
    struct bytes context;            /* the serialised encryption context (AAD5) */
    const struct encryption_context *pairs; /* the same, as pairs */
};

struct key_wrapped {
    struct secret data_key; /* fresh; the caller cleanses it */
    struct edk edks[2];     /* for the header; bytes live in the arena */
    size_t edk_count;
    bool sender_can_open;
    bool sender_verified; /* the recipient can verify who sealed it (static-static) */
};

struct keys {
    void *self;
    bool nonblocking; /* wrap and unwrap never wait: they may run on a loop thread */

    /* Makes the user's key, or finds it when it exists (idempotent: runs again after a crash). */
    enum err (*provision)(void *self, struct ctx *ctx, const struct uuid *user_id,
                          struct key_description *out) MUST_CHECK;

    /* The user's present key. ERR_NOT_FOUND when there is none. */
    enum err (*describe)(void *self, struct ctx *ctx, const struct uuid *user_id,
                         struct key_description *out) MUST_CHECK;

    /* Makes a data key and wraps it under the recipient's present key and, if copy, so that
     * ctx->actor can open it too (embedded: static-static when the actor has custody, else
     * ephemeral-static without a copy). */
    enum err (*wrap)(void *self, struct ctx *ctx, const struct key_wrap *in,
                     struct key_wrapped *out) MUST_CHECK;

    /* Unwraps the data key of a letter with the actor's own credential. *sender_verified: the EDK
     * was made with the long-term key of the user sender_id (of any of its keys, past ones too).
     * ERR_ID_TOKEN_REQUIRED when the actor's token cannot open, ERR_KEY_LOST, ERR_NOT_FOR_US,
     * ERR_LETTER_DAMAGED. */
    enum err (*unwrap)(void *self, struct ctx *ctx, const struct header *header,
                       const struct uuid *sender_id, struct secret *data_key,
                       bool *sender_verified) MUST_CHECK;

    /* Checks that a header sealed by a client names the recipient's present key (and, if it names
     * a sender key, that it is the actor's own): ERR_SEALED_INVALID otherwise. Fills in
     * sender_can_open and sender_verified. */
    enum err (*check_sealed)(void *self, struct ctx *ctx, const struct header *header,
                             const struct uuid *recipient_id, bool *sender_can_open,
                             bool *sender_verified) MUST_CHECK;

    /* Adds a fresh key pair for the actor, which becomes the present one; old ones still open. */
    enum err (*rotate)(void *self, struct ctx *ctx, struct key_description *out) MUST_CHECK;

    /* The actor's sealed key ring as JSON (embedded), for clients that open letters alone.
     * ERR_NOT_FOUND where keys never leave the service (AWS). */
    enum err (*key_ring)(void *self, struct ctx *ctx, struct bytes *json) MUST_CHECK;

    /* Destroys all keys of a user (AWS: schedules it). Idempotent. */
    enum err (*destroy)(void *self, struct ctx *ctx, const struct uuid *user_id) MUST_CHECK;
};

#endif
