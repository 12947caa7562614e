#include "cli/cli_session.h"

#include "base/clock.h"
#include "cli/cli_file.h"
#include "cli/cli_interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SESSION_FILE_MAX_BYTES = 64 * 1024,
    LOCK_WAIT_MS = 30 * 1000,
    LOCK_RETRY_MS = 50,
    EXPIRES_IN_MAX_S = 400 * 24 * 3600,
};

static const char *state_directory(struct arena *arena)
{
    const char *state = getenv("XDG_STATE_HOME");
    if (state != NULL && state[0] == '/')
        return arena_printf(arena, "%s/letterlock", state);
    const char *home = getenv("HOME");
    if (home == NULL || home[0] != '/') {
        const struct passwd *user = getpwuid(getuid());
        home = user == NULL ? "/" : user->pw_dir;
    }
    return arena_printf(arena, "%s/.local/state/letterlock", home);
}

static const char *session_path(struct arena *arena)
{
    return arena_printf(arena, "%s/session.json", state_directory(arena));
}

/* Makes path and its missing parents, for the owner only. */
static bool make_directories(struct arena *arena, const char *path)
{
    char *partial = arena_str(arena, bytes_of_str(path));
    for (char *slash = strchr(partial + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(partial, 0700) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return mkdir(partial, 0700) == 0 || errno == EEXIST;
}

static enum cli_exit prepare_directory(struct arena *arena)
{
    const char *directory = state_directory(arena);
    if (!make_directories(arena, directory) || chmod(directory, 0700) != 0)
        return cli_fail(CLI_LOCAL, "Cannot use the directory %s: %s.", directory, strerror(errno));
    return CLI_OK;
}

enum cli_exit cli_session_directory(struct arena *arena, const char **path)
{
    *path = state_directory(arena);
    return prepare_directory(arena);
}

static bool take_string(struct arena *arena, const json_t *object, const char *name,
                        const char **out)
{
    struct bytes value;
    if (!json_get_bytes(object, name, &value) || value.n == 0)
        return false;
    *out = arena_str(arena, value);
    return true;
}

static bool session_from_json(struct arena *arena, struct cli_session *session, const json_t *json)
{
    (void)take_string(arena, json, "ca_file", &session->ca_file);
    return take_string(arena, json, "url", &session->url) &&
           take_string(arena, json, "user_id", &session->user_id) &&
           take_string(arena, json, "username", &session->username) &&
           take_string(arena, json, "id_token", &session->id_token) &&
           take_string(arena, json, "access_token", &session->access_token) &&
           take_string(arena, json, "refresh_token", &session->refresh_token) &&
           json_get_int(json, "expires_unix_ms", &session->expires_unix_ms);
}

enum cli_exit cli_session_load(struct arena *arena, struct cli_session *session)
{
    *session = (struct cli_session){0};
    const char *path = session_path(arena);
    struct buffer text;
    buffer_init(&text, SESSION_FILE_MAX_BYTES);
    enum cli_exit exit = cli_file_load(path, SESSION_FILE_MAX_BYTES, true, &text);
    json_t *json = exit == CLI_OK ? json_parse_object(buffer_bytes(&text)) : NULL;
    if (exit == CLI_NOT_FOUND)
        exit = cli_fail(CLI_NOT_SIGNED_IN, "You are not signed in. Use: letterlock login URL");
    else if (exit == CLI_OK && (json == NULL || !session_from_json(arena, session, json)))
        exit = cli_fail(CLI_NOT_SIGNED_IN,
                        "%s does not hold a session. Sign in again: letterlock login URL", path);
    json_decref(json);
    buffer_fini(&text);
    return exit;
}

enum cli_exit cli_session_save(struct arena *arena, const struct cli_session *session)
{
    enum cli_exit exit = prepare_directory(arena);
    if (exit != CLI_OK)
        return exit;
    json_t *json = json_pack(
        "{s:i, s:s, s:s*, s:s, s:s, s:s, s:s, s:s, s:I}", "version", 1, "url", session->url,
        "ca_file", session->ca_file, "user_id", session->user_id, "username", session->username,
        "id_token", session->id_token, "access_token", session->access_token, "refresh_token",
        session->refresh_token, "expires_unix_ms", (json_int_t)session->expires_unix_ms);
    if (json == NULL)
        return cli_fail(CLI_LOCAL, "The session holds text that is not UTF-8.");
    struct buffer text;
    buffer_init(&text, SESSION_FILE_MAX_BYTES);
    json_write(&text, json);
    json_decref(json);
    exit = buffer_ok(&text)
               ? cli_file_save(arena, session_path(arena), buffer_bytes(&text), 0600, true)
               : cli_fail(CLI_LOCAL, "The server's tokens are too long to store.");
    buffer_fini(&text);
    return exit;
}

enum cli_exit cli_session_remove(struct arena *arena)
{
    const char *path = session_path(arena);
    if (unlink(path) != 0 && errno != ENOENT)
        return cli_fail(CLI_LOCAL, "Cannot remove %s: %s.", path, strerror(errno));
    return CLI_OK;
}

enum cli_exit cli_session_lock(struct arena *arena, int *lock)
{
    enum cli_exit exit = prepare_directory(arena);
    if (exit != CLI_OK)
        return exit;
    /* A file of its own: session.json is another file after every save. */
    const char *path = arena_printf(arena, "%s/session.lock", state_directory(arena));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return cli_fail(CLI_LOCAL, "Cannot open %s: %s.", path, strerror(errno));
    int64_t deadline = clock_mono_ms() + LOCK_WAIT_MS;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || clock_mono_ms() >= deadline ||
            !cli_interrupt_wait(LOCK_RETRY_MS)) {
            close(fd);
            return cli_fail(CLI_LOCAL, "Cannot lock %s: another command holds it.", path);
        }
    }
    *lock = fd;
    return CLI_OK;
}

void cli_session_unlock(int lock)
{
    close(lock);
}

bool cli_session_take_tokens(struct arena *arena, struct cli_session *session, const json_t *answer)
{
    int64_t expires_in_s = 0;
    if (!take_string(arena, answer, "id_token", &session->id_token) ||
        !take_string(arena, answer, "access_token", &session->access_token) ||
        !take_string(arena, answer, "refresh_token", &session->refresh_token) ||
        !json_get_int(answer, "expires_in", &expires_in_s) || expires_in_s < 0 ||
        expires_in_s > EXPIRES_IN_MAX_S)
        return false;
    session->expires_unix_ms = clock_unix_ms() + expires_in_s * 1000;
    return true;
}
