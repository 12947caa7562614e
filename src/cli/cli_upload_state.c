#include "cli/cli_upload_state.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "cli/cli_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_PREFIX "upload-"
#define STATE_MAX_BYTES 4096u
/* Past the day that the server keeps an upload. */
#define STATE_AGE_MAX_S (2 * 24 * 3600)
#define MS_PER_S 1000

static void add_text(struct digest *d, const char *text)
{
    struct bytes b = bytes_of_str(text);
    digest_add(d, bytes_of(&b.n, sizeof b.n));
    digest_add(d, b);
}

static enum cli_exit identify(const struct cli *cli, const struct cli_letter *letter,
                              const struct cli_source *source, uint8_t out[DIGEST_SHA256_BYTES])
{
    struct stat st;
    struct digest d;
    if (fstat(source->fd, &st) != 0)
        return cli_fail(CLI_LOCAL, "Cannot look at the file: %s.", strerror(errno));
    const int64_t numbers[] = {
        (int64_t)st.st_dev,          (int64_t)st.st_ino, st.st_size,      st.st_mtim.tv_sec,
        (int64_t)st.st_mtim.tv_nsec, source->start,      letter->no_copy, letter->expires_in_s,
    };
    digest_init(&d);
    add_text(&d, cli->session.url);
    add_text(&d, cli->session.user_id);
    add_text(&d, letter->to);
    add_text(&d, letter->text);
    add_text(&d, source->form.file_name);
    digest_add(&d, bytes_of(numbers, sizeof numbers));
    digest_finish(&d, out);
    return CLI_OK;
}

enum cli_exit cli_upload_state_load(struct cli *cli, const struct cli_letter *letter,
                                    const struct cli_source *source, struct cli_upload_state *state)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    const char *directory = NULL;
    struct buffer text;
    *state = (struct cli_upload_state){0};
    enum cli_exit exit = identify(cli, letter, source, digest);
    if (exit == CLI_OK)
        exit = cli_session_directory(&cli->arena, &directory);
    if (exit != CLI_OK)
        return exit;
    buffer_init(&text, STATE_MAX_BYTES);
    encode_hex(&text, bytes_of(digest, sizeof digest / 2));
    state->path = arena_printf(&cli->arena, "%s/" FILE_PREFIX "%.*s.json", directory,
                               BYTES_FMT(buffer_bytes(&text)));
    buffer_clear(&text);
    exit = cli_file_load(state->path, STATE_MAX_BYTES, true, &text);
    json_t *json = exit == CLI_OK ? json_parse_object(buffer_bytes(&text)) : NULL;
    const char *address = cli_client_string(json, "address");
    if (strlen(address) < sizeof state->address)
        memcpy(state->address, address, strlen(address) + 1);
    json_decref(json);
    buffer_fini(&text);
    return exit == CLI_NOT_FOUND ? CLI_OK : exit;
}

/* Of files that were never sent to their end. */
static void remove_old(const char *path)
{
    char name[4096];
    size_t n = (size_t)(cli_file_base_name(path) - path);
    if (n == 0 || n >= sizeof name)
        return;
    memcpy(name, path, n);
    name[n] = '\0';
    DIR *dir = opendir(name);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;
        if (strncmp(entry->d_name, FILE_PREFIX, strlen(FILE_PREFIX)) == 0 &&
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_mtim.tv_sec + STATE_AGE_MAX_S < clock_unix_ms() / MS_PER_S)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

enum cli_exit cli_upload_state_save(struct cli *cli, const struct cli_upload_state *state)
{
    struct buffer text;
    json_t *json = json_pack("{s:s}", "address", state->address);
    remove_old(state->path);
    buffer_init(&text, STATE_MAX_BYTES);
    json_write(&text, json);
    json_decref(json);
    enum cli_exit exit = cli_file_save(&cli->arena, state->path, buffer_bytes(&text), 0600, true);
    buffer_fini(&text);
    return exit;
}

void cli_upload_state_forget(struct cli_upload_state *state)
{
    (void)unlink(state->path);
    state->address[0] = '\0';
}
