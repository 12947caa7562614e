/* Rows of the table user_keys: users' P-256 key pairs, the private key sealed under the ring key.
 */
#ifndef LETTERLOCK_EMBEDDED_KEY_ROWS_H
#define LETTERLOCK_EMBEDDED_KEY_ROWS_H

#include "embedded/store.h"
#include "envelope/ecdh_key.h"

#define KEY_ROWS_SEALED_MAX_BYTES 256u

enum key_state {
    KEY_PENDING, /* made at sign-up; nobody seals to it before the account is confirmed */
    KEY_ACTIVE,  /* the newest one is the present key, older ones still open */
    KEY_LOST,    /* the private key is gone */
};

struct key_row {
    struct uuid id;
    struct ecdh_point point;
    struct bytes sealed_private_key; /* PKCS#8 DER, sealed; empty when lost */
    enum key_state state;
    int64_t created_unix_ms;
    int64_t lost_unix_ms;
};

/* Makes a key pair for the user and seals its private key under ring_key into out, whose sealed
 * bytes live in the arena. */
enum err key_rows_generate(struct ctx *ctx, const struct uuid *user_id,
                           const struct secret *ring_key, enum key_state state,
                           struct key_row *out) MUST_CHECK;

/* Opens a row's private key with the user's ring key. ERR_INTERNAL (logged) when it does not open:
 * the row was damaged or moved. key is for ecdh_key_fini. */
enum err key_rows_open(struct ctx *ctx, const struct uuid *user_id, const struct secret *ring_key,
                       const struct key_row *row, struct ecdh_key *key) MUST_CHECK;

/* Inside a task. */
enum err key_rows_add(struct store_db *db, const struct uuid *user_id,
                      const struct key_row *row) MUST_CHECK;
enum err key_rows_publish(struct store_db *db, const struct uuid *user_id) MUST_CHECK;
enum err key_rows_lose(struct store_db *db, const struct uuid *user_id,
                       int64_t now_unix_ms) MUST_CHECK;
enum err key_rows_erase(struct store_db *db, const struct uuid *user_id) MUST_CHECK;

/* Inside a read or task: all keys of a user, newest first, in the arena. */
enum err key_rows_list(struct store_db *db, struct arena *arena, const struct uuid *user_id,
                       struct key_row **out, size_t *count) MUST_CHECK;

#endif
