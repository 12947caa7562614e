#include "app/admin_aws.h"

#include "app/aws_backend.h"
#include "app/commands.h"
#include "app/invite_table.h"
#include "aws/cognito/cognito_admin.h"
#include "aws/cognito/cognito_invites.h"
#include "aws/kms/kms_provision.h"
#include "base/clock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One to three calls for every key of the account. */
#define SWEEP_TIMEOUT_MS (INT64_C(6) * 3600 * 1000)

static const char usage[] = "usage: letterlock admin invite\n"
                            "       letterlock admin invites [--json]    (those that are still "
                            "good)\n"
                            "       letterlock admin revoke-invite ID\n"
                            "       letterlock admin disable NAME\n"
                            "       letterlock admin enable NAME\n"
                            "       letterlock admin totp-off NAME\n"
                            "       letterlock admin quota NAME SIZE     (bytes, or like 50GiB; "
                            "\"default\")\n"
                            "       letterlock admin sweep-keys          (as the key "
                            "administrator: keys that nobody has)\n\n"
                            "Works on the deployment that the LETTERLOCK_AWS_ variables name, in "
                            "the environment or\nin --env-file FILE; the console lists users.\n";

struct session {
    struct ctx *ctx;
    struct aws_backend *aws;
    char **words; /* behind the command's name */
    int word_count;
};

static int finish(const struct session *session, enum err e)
{
    if (e == ERR_OK)
        return APP_EXIT_OK;
    (void)fprintf(stderr, "letterlock admin: %s %s\n", err_text(e), session->ctx->detail);
    return e == ERR_NOT_FOUND ? APP_EXIT_NOT_FOUND : APP_EXIT_FAILED;
}

static int invite(struct session *session)
{
    char text[INVITE_TEXT_BYTES];
    if (session->word_count != 0)
        return APP_EXIT_USAGE;
    enum err e = cognito_invites_create(aws_backend_client(session->aws), session->ctx, text);
    if (e == ERR_OK)
        (void)printf("%s\n", text);
    return finish(session, e);
}

static int list_invites(struct session *session)
{
    struct invite_table table;
    if (!invite_table_begin(&table, session->word_count, session->words))
        return APP_EXIT_USAGE;
    enum err e = cognito_invites_walk(aws_backend_client(session->aws), session->ctx,
                                      invite_table_add, &table);
    invite_table_end(&table, e == ERR_OK);
    return finish(session, e);
}

static int revoke_invite(struct session *session)
{
    if (session->word_count != 1)
        return APP_EXIT_USAGE;
    return finish(session, cognito_invites_revoke(aws_backend_client(session->aws), session->ctx,
                                                  bytes_of_str(session->words[0])));
}

/* The account in the pool, and the person in the directory. */
static int set_disabled(struct session *session, bool disabled)
{
    const struct records *records = &aws_backend_ports(session->aws)->records;
    struct user_record user;
    struct uuid id;
    if (session->word_count != 1)
        return APP_EXIT_USAGE;
    enum err e = cognito_admin_set_disabled(aws_backend_identity(session->aws), session->ctx,
                                            bytes_of_str(session->words[0]), disabled, &id);
    if (e == ERR_OK)
        e = records->user_by_id(records->self, session->ctx, &id, &user);
    if (e == ERR_OK) {
        user.state = disabled ? USER_DISABLED : USER_READY;
        e = records->user_put(records->self, session->ctx, &user);
    }
    return finish(session, e);
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
    return finish(session, cognito_admin_totp_off(aws_backend_identity(session->aws), session->ctx,
                                                  bytes_of_str(session->words[0])));
}

static int quota(struct session *session)
{
    const struct records *records = &aws_backend_ports(session->aws)->records;
    struct user_record user;
    uint64_t bytes = 0;
    if (session->word_count != 2)
        return APP_EXIT_USAGE;
    if (!config_parse_size(bytes_of_str(session->words[1]), &bytes)) {
        (void)fprintf(stderr, "letterlock admin: \"%s\" is not a size\n", session->words[1]);
        return APP_EXIT_USAGE;
    }
    enum err e =
        records->user_by_name(records->self, session->ctx, bytes_of_str(session->words[0]), &user);
    if (e == ERR_OK) {
        user.quota_bytes = (int64_t)bytes;
        e = records->user_put(records->self, session->ctx, &user);
    }
    return finish(session, e);
}

static int sweep_keys(struct session *session)
{
    size_t swept = 0;
    if (session->word_count != 0)
        return APP_EXIT_USAGE;
    session->ctx->deadline_mono_ms = clock_mono_ms() + SWEEP_TIMEOUT_MS;
    enum err e = kms_provision_sweep(aws_backend_client(session->aws), session->ctx, &swept);
    if (e == ERR_OK)
        (void)printf("%zu keys will be deleted\n", swept);
    return finish(session, e);
}

static const struct {
    const char *name;
    int (*run)(struct session *session);
} commands[] = {
    {"invite", invite},   {"invites", list_invites},  {"revoke-invite", revoke_invite},
    {"disable", disable}, {"enable", enable},         {"totp-off", totp_off},
    {"quota", quota},     {"sweep-keys", sweep_keys},
};

int admin_aws_run(struct ctx *ctx, const struct config *config, int word_count, char **words)
{
    struct session session = {.ctx = ctx, .words = words + 1, .word_count = word_count - 1};
    int status = APP_EXIT_USAGE;
    size_t i = 0;
    while (i < sizeof commands / sizeof commands[0] && strcmp(commands[i].name, words[0]) != 0)
        i++;
    if (i < sizeof commands / sizeof commands[0]) {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            abort();
        enum err e = aws_backend_open(ctx, config, &session.aws);
        status = e == ERR_OK ? commands[i].run(&session) : finish(&session, e);
        aws_backend_close(session.aws);
        curl_global_cleanup();
    }
    if (status == APP_EXIT_USAGE)
        (void)fputs(usage, stderr);
    return status;
}
