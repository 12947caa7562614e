/* Invitations in the database, kept as digests. */
#ifndef LETTERLOCK_EMBEDDED_INVITES_H
#define LETTERLOCK_EMBEDDED_INVITES_H

#include "embedded/store.h"
#include "ports/invite.h"

/* Inside a task: makes an invitation and writes it, NUL-terminated, to out. */
enum err invites_create(struct store_db *db, int64_t now_unix_ms,
                        char out[INVITE_TEXT_BYTES]) MUST_CHECK;

/* Inside a task: ends the invitation, as a person typed it. ERR_INVITE_REQUIRED unless it was good
 * at that time. */
enum err invites_use(struct store_db *db, struct bytes invite, int64_t now_unix_ms) MUST_CHECK;

/* Inside a task: at most limit invitations that are good at that time, oldest first, behind after
 * (NULL: from the first). */
enum err invites_list(struct store_db *db, struct ctx *ctx, const struct invite *after,
                      size_t limit, struct invite *out, size_t *count) MUST_CHECK;

/* Inside a task: ends the invitation with that id. ERR_NOT_FOUND. */
enum err invites_revoke(struct store_db *db, struct ctx *ctx, struct bytes id) MUST_CHECK;

#endif
