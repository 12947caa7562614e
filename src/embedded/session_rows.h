/* Rows of the table sessions, and the refresh tokens that name them. */
#ifndef LETTERLOCK_EMBEDDED_SESSION_ROWS_H
#define LETTERLOCK_EMBEDDED_SESSION_ROWS_H

#include "base/digest.h"
#include "embedded/account_rows.h"
#include "embedded/store.h"
#include "ports/actor.h"

/* session id | family secret | rotating secret; see identity_service.h. */
struct refresh_token {
    struct uuid session_id;
    struct secret family;
    struct secret rotating;
};

void refresh_token_fini(struct refresh_token *token);

/* base64url of the token, in the arena; and back, strictly. */
struct bytes refresh_token_write(const struct refresh_token *token, struct arena *arena);
bool refresh_token_read(struct arena *arena, struct bytes text, struct refresh_token *out);

struct session_row {
    struct uuid id;
    struct uuid account_id;
    int64_t created_unix_ms;
    int64_t used_unix_ms;
    int64_t expires_unix_ms;
    struct bytes client;
    struct bytes family;   /* SHA-256 of the family secret */
    struct bytes current;  /* SHA-256 of the rotating secret that is good now */
    struct bytes previous; /* of the one before, or empty */
    int64_t rotated_unix_ms;
    struct bytes successor;           /* the current rotating secret, sealed under the previous */
    struct bytes ring;                /* the ring key sealed under the custody secret, or empty */
    enum account_state account_state; /* with session_row_get only */
};

/* Inside a read or task. */
enum err session_row_get(struct store_db *db, struct arena *arena, const struct uuid *id,
                         struct session_row *out, bool *found) MUST_CHECK;
enum err session_row_list(struct store_db *db, struct arena *arena, const struct uuid *account_id,
                          int64_t now_unix_ms, struct session_row **out, size_t *count) MUST_CHECK;

/* The same for the session of a verified token: *live is false when it has ended, expired, is of
 * another user, or its account is not in use. */
enum err session_row_live(struct store_db *db, struct arena *arena, const struct actor *actor,
                          int64_t now_unix_ms, struct session_row *out, bool *live) MUST_CHECK;

/* Inside a task. Adding trims an account to its newest 200 sessions; ending tells in *ended whether
 * there was one. */
enum err session_row_add(struct store_db *db, const struct session_row *row) MUST_CHECK;
enum err session_row_rotate(struct store_db *db, const struct session_row *row) MUST_CHECK;
enum err session_row_end(struct store_db *db, const struct uuid *id, const struct uuid *account_id,
                         bool *ended) MUST_CHECK;

#endif
