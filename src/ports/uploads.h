/* The uploads port: what is known of letters whose file comes in several requests. Embedded:
 * SQLite. AWS: DynamoDB.
 *
 * Contract for every adapter:
 *  - Thread-safe. Results live in ctx->arena. Calls may block: worker threads only.
 *  - What a completed call reported survives a power cut.
 *  - state is opaque and sealed: nothing here opens it.
 *  - An upload is found by its owner (ctx->actor) alone. */
#ifndef LETTERLOCK_PORTS_UPLOADS_H
#define LETTERLOCK_PORTS_UPLOADS_H

#include "base/ctx.h"
#include "base/uuid.h"
#include "ports/actor.h"

#define UPLOAD_STATE_MAX_BYTES (256u << 10)

struct upload_record {
    struct uuid id; /* also that of the letter to be */
    struct uuid owner_id;
    uint64_t length;  /* bytes of the file, as declared */
    uint64_t version; /* 1, and one more with each put */
    int64_t expires_unix_ms;
    bool done;         /* its letter is stored: it counts no longer */
    const char *draft; /* token of the object's draft (ports/objects.h) */
    struct bytes state;
};

struct upload_limits {
    uint32_t count_max; /* open uploads of one owner */
    uint64_t bytes_max; /* declared by all of them together */
};

/* True when one more of length bytes keeps within limits, beside count open ones of bytes. */
static inline bool upload_limits_admit(const struct upload_limits *limits, uint64_t count,
                                       uint64_t bytes, uint64_t length)
{
    return count < limits->count_max && length <= limits->bytes_max &&
           bytes <= limits->bytes_max - length;
}

struct upload_page {
    struct upload_record *items; /* without state */
    size_t count;
};

/* create is NULL where uploads are not offered; then all of them are. */
struct uploads {
    void *self;

    /* Stores a new one at version 1. ERR_TOO_MANY_UPLOADS when the owner's open ones, which are
     * neither done nor expired at ctx->now_unix_ms, would pass limits. */
    enum err (*create)(void *self, struct ctx *ctx, const struct upload_record *in,
                       const struct upload_limits *limits) MUST_CHECK;

    /* Reads one, expired ones too while they are there. ERR_NOT_FOUND. */
    enum err (*get)(void *self, struct ctx *ctx, const struct uuid *id,
                    struct upload_record *out) MUST_CHECK;

    /* Replaces version in->version - 1: done, draft and state. ERR_CONFLICT when another version is
     * stored, ERR_NOT_FOUND when there is none. Whoever hears nothing of a put that was carried out
     * may find its own version stored. */
    enum err (*put)(void *self, struct ctx *ctx, const struct upload_record *in) MUST_CHECK;

    /* Removes the actor's; ERR_NOT_FOUND when there is none. */
    enum err (*remove)(void *self, struct ctx *ctx, const struct uuid *id) MUST_CHECK;

    /* Some that expired before ctx->now_unix_ms, at most limit. No actor. */
    enum err (*expired)(void *self, struct ctx *ctx, size_t limit,
                        struct upload_page *out) MUST_CHECK;

    /* Removes one that expired has given. No actor. */
    enum err (*forget)(void *self, struct ctx *ctx, const struct upload_record *upload) MUST_CHECK;

    /* True in *exists when there is one of that id, expired or not. No actor. */
    enum err (*exists)(void *self, struct ctx *ctx, const struct uuid *id, bool *exists) MUST_CHECK;
};

#endif
