#include "embedded/session_ring.h"

#include "core/key_ring.h"
#include "embedded/session_rows.h"

#define LABEL_SESSION_RING "letterlock session ring key v1"
#define SEALED_BYTES (SECRET_BYTES + KEY_RING_OVERHEAD_BYTES)

struct bytes session_ring_seal(struct arena *arena, const struct uuid *user_id,
                               const struct secret *custody, const struct secret *ring_key)
{
    struct buffer sealed;
    buffer_init(&sealed, SEALED_BYTES);
    key_ring_seal(LABEL_SESSION_RING, user_id, custody, secret_bytes(ring_key), &sealed);
    struct bytes copy = arena_copy(arena, buffer_bytes(&sealed));
    buffer_fini(&sealed);
    return copy;
}

enum err session_ring_open(struct store_db *db, const struct actor *actor, int64_t now_unix_ms,
                           struct secret *ring_key)
{
    if (actor == NULL || !actor->has_custody)
        return ERR_ID_TOKEN_REQUIRED;
    struct arena arena = {0};
    struct session_row session;
    bool live;
    enum err e = session_row_live(db, &arena, actor, now_unix_ms, &session, &live);
    if (e == ERR_OK && (!live || !key_ring_unseal_secret(LABEL_SESSION_RING, &actor->user_id,
                                                         &actor->custody, session.ring, ring_key)))
        e = ERR_UNAUTHENTICATED;
    arena_fini(&arena);
    return e;
}
