#include "embedded/admin.h"
#include "app/admin_aws.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/invite_table.h"
#include "base/json.h"
#include "embedded/data_dir.h"

#include <stdio.h>
#include <string.h>

#define ADMIN_TIMEOUT_MS 30000
#define ADMIN_PAGE 500u

static const char usage[] =
    "usage: letterlock admin users [--json]\n"
    "       letterlock admin invite\n"
    "       letterlock admin invites [--json]    (those that are still good)\n"
    "       letterlock admin revoke-invite ID\n"
    "       letterlock admin disable NAME\n"
    "       letterlock admin enable NAME\n"
    "       letterlock admin totp-off NAME\n"
    "       letterlock admin quota NAME SIZE     (bytes, or like 50GiB; \"default\")\n\n"
    "Works on LETTERLOCK_DATA_DIR, also while a server serves it. --env-file FILE: read settings\n"
    "from FILE, such as the service's own.\n";

struct session {
    struct ctx *ctx;
    struct store *store;
    char **words; /* behind the command's name */
    int word_count;
};

static int fail(const struct session *session, enum err e)
{
    (void)fprintf(stderr, "letterlock admin: %s %s\n", err_text(e), session->ctx->detail);
    return e == ERR_NOT_FOUND ? APP_EXIT_NOT_FOUND : APP_EXIT_FAILED;
}

static const char *state_name(enum account_state state)
{
    static const char *const names[] = {"unconfirmed", "active", "disabled"};
    return names[state];
}

static void print_user(const struct admin_user *user, json_t *list)
{
    if (list == NULL) {
        (void)printf("%-32s  %-11s  %14lld  %14lld  %s\n", user->username, state_name(user->state),
                     (long long)user->used_bytes, (long long)user->quota_bytes, user->email);
        return;
    }
    json_array_append_new(list, json_pack("{s:o,s:s,s:s,s:s,s:o,s:I,s:I}", "id",
                                          json_from_uuid(&user->id), "username", user->username,
                                          "email", user->email, "state", state_name(user->state),
                                          "created_at", json_from_time(user->created_unix_ms),
                                          "used_bytes", (json_int_t)user->used_bytes, "quota_bytes",
                                          (json_int_t)user->quota_bytes));
}

static int list_users(struct session *session)
{
    bool as_json = session->word_count == 1 && strcmp(session->words[0], "--json") == 0;
    if (session->word_count > 0 && !as_json)
        return APP_EXIT_USAGE;
    json_t *list = as_json ? json_array() : NULL;
    if (!as_json)
        (void)printf("%-32s  %-11s  %14s  %14s  %s\n", "username", "state", "bytes kept", "quota",
                     "e-mail");
    const char *after = "";
    size_t count;
    enum err e;
    do {
        struct admin_user *users;
        e = admin_users(session->store, session->ctx, after, ADMIN_PAGE, &users, &count);
        for (size_t i = 0; e == ERR_OK && i < count; i++)
            print_user(&users[i], list);
        if (e == ERR_OK && count > 0)
            after = users[count - 1].username;
    } while (e == ERR_OK && count == ADMIN_PAGE);
    if (as_json && e == ERR_OK) {
        (void)json_dumpf(list, stdout, JSON_INDENT(2));
        (void)putchar('\n');
    }
    json_decref(list);
    return e == ERR_OK ? APP_EXIT_OK : fail(session, e);
}

static int invite(struct session *session)
{
    char text[INVITE_TEXT_BYTES];
    if (session->word_count != 0)
        return APP_EXIT_USAGE;
    enum err e = admin_invite(session->store, session->ctx, text);
    if (e != ERR_OK)
        return fail(session, e);
    (void)printf("%s\n", text);
    return APP_EXIT_OK;
}

static int list_invites(struct session *session)
{
    struct invite_table table;
    const struct invite *after = NULL;
    size_t count;
    enum err e;
    if (!invite_table_begin(&table, session->word_count, session->words))
        return APP_EXIT_USAGE;
    do {
        struct invite *found;
        e = admin_invites(session->store, session->ctx, after, ADMIN_PAGE, &found, &count);
        for (size_t i = 0; e == ERR_OK && i < count; i++)
            invite_table_add(&found[i], &table);
        if (count > 0)
            after = &found[count - 1];
    } while (e == ERR_OK && count == ADMIN_PAGE);
    invite_table_end(&table, e == ERR_OK);
    return e == ERR_OK ? APP_EXIT_OK : fail(session, e);
}

static int revoke_invite(struct session *session)
{
    if (session->word_count != 1)
        return APP_EXIT_USAGE;
    enum err e = admin_revoke_invite(session->store, session->ctx, session->words[0]);
    return e == ERR_OK ? APP_EXIT_OK : fail(session, e);
}

static int set_disabled(struct session *session, bool disabled)
{
    if (session->word_count != 1)
        return APP_EXIT_USAGE;
    enum err e = admin_set_disabled(session->store, session->ctx, session->words[0], disabled);
    return e == ERR_OK ? APP_EXIT_OK : fail(session, e);
}

static int disable(struct session *session)
{
    return set_disabled(session, true);
}

static int enable(struct session *session)
{
    return set_disabled(session, false);
}

static int totp_off(struct session *session)
{
    if (session->word_count != 1)
        return APP_EXIT_USAGE;
    enum err e = admin_totp_off(session->store, session->ctx, session->words[0]);
    return e == ERR_OK ? APP_EXIT_OK : fail(session, e);
}

static int quota(struct session *session)
{
    uint64_t bytes = 0;
    if (session->word_count != 2)
        return APP_EXIT_USAGE;
    if (strcmp(session->words[1], "default") != 0 &&
        !config_parse_size(bytes_of_str(session->words[1]), &bytes)) {
        (void)fprintf(stderr, "letterlock admin: \"%s\" is not a size\n", session->words[1]);
        return APP_EXIT_USAGE;
    }
    enum err e = admin_set_quota(session->store, session->ctx, session->words[0], (int64_t)bytes);
    return e == ERR_OK ? APP_EXIT_OK : fail(session, e);
}

static const struct {
    const char *name;
    int (*run)(struct session *session);
} commands[] = {
    {"users", list_users},     {"invite", invite},
    {"invites", list_invites}, {"revoke-invite", revoke_invite},
    {"disable", disable},      {"enable", enable},
    {"totp-off", totp_off},    {"quota", quota},
};

static int run(struct session *session, const char *data_dir, const char *name)
{
    struct data_dir *dir = NULL;
    size_t i = 0;
    while (i < sizeof commands / sizeof commands[0] && strcmp(commands[i].name, name) != 0)
        i++;
    if (i == sizeof commands / sizeof commands[0])
        return APP_EXIT_USAGE;
    enum err e = data_dir_open(session->ctx, data_dir, false, &dir);
    if (e == ERR_OK)
        e = store_open_shared(session->ctx,
                              data_dir_path(dir, session->ctx->arena, DATA_DIR_DATABASE),
                              &session->store);
    int status = e == ERR_OK ? commands[i].run(session) : fail(session, e);
    store_close(session->store);
    data_dir_close(dir);
    return status;
}

static int run_embedded(struct ctx *ctx, const struct config *config, int word_count, char **words)
{
    struct session session = {.ctx = ctx, .words = words + 1, .word_count = word_count - 1};
    int status = run(&session, config->data_dir, words[0]);
    if (status == APP_EXIT_USAGE)
        (void)fputs(usage, stderr);
    return status;
}

int admin_main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        (void)fputs(usage, argc < 2 ? stderr : stdout);
        return argc < 2 ? APP_EXIT_USAGE : APP_EXIT_OK;
    }
    struct arena arena = {0};
    struct ctx ctx;
    struct config config;
    ctx_init(&ctx, &arena, ADMIN_TIMEOUT_MS);
    int status = APP_EXIT_USAGE;
    if (config_read(&config, &arena, stderr)) {
        log_set_level(LOG_ERROR);
        status = strcmp(config.backend, "aws") == 0
                     ? admin_aws_run(&ctx, &config, argc - 1, argv + 1)
                     : run_embedded(&ctx, &config, argc - 1, argv + 1);
    }
    arena_fini(&arena);
    return status;
}
