/* The signed-in session between two commands: $XDG_STATE_HOME/letterlock/session.json (XDG Base
 * Directory Specification; by default below ~/.local/state). The directory has mode 0700, the file
 * 0600; it is replaced whole. */
#ifndef LETTERLOCK_CLI_CLI_SESSION_H
#define LETTERLOCK_CLI_CLI_SESSION_H

#include "base/arena.h"
#include "base/json.h"
#include "cli/cli_exit.h"

struct cli_session {
    const char *url;     /* the server, without a '/' at the end */
    const char *ca_file; /* own certificate authority, absolute path, or NULL */
    const char *user_id;
    const char *username;
    const char *id_token;
    const char *access_token;
    const char *refresh_token;
    int64_t expires_unix_ms; /* of the ID and access token */
};

/* The directory, made if it is absent; *path in the arena. CLI_LOCAL with a message. */
enum cli_exit cli_session_directory(struct arena *arena, const char **path) MUST_CHECK;

/* Reads the session; its strings live in arena. CLI_NOT_SIGNED_IN when there is none, CLI_LOCAL
 * when the file cannot be read; both with a message. */
enum cli_exit cli_session_load(struct arena *arena, struct cli_session *session) MUST_CHECK;

/* Stores the session durably. CLI_LOCAL with a message. */
enum cli_exit cli_session_save(struct arena *arena, const struct cli_session *session) MUST_CHECK;

/* Removes the stored session; nothing when there is none. */
enum cli_exit cli_session_remove(struct arena *arena) MUST_CHECK;

/* Takes the lock that everyone holds who refreshes tokens: a refresh token is good for one use, and
 * a second use ends the session. Waits up to 30 s. *lock is for cli_session_unlock. CLI_LOCAL with
 * a message. */
enum cli_exit cli_session_lock(struct arena *arena, int *lock) MUST_CHECK;
void cli_session_unlock(int lock);

/* Takes the tokens (id_token, access_token, refresh_token, expires_in) out of the server's answer.
 * False when one is missing. */
bool cli_session_take_tokens(struct arena *arena, struct cli_session *session,
                             const json_t *answer) MUST_CHECK;

#endif
