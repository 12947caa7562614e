#include "app/config.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_SUFFIX_MAX (INT64_MAX >> 30)
#define SECONDS_MAX (INT64_C(100) * 366 * 86400)
#define COUNT_MAX UINT64_C(1000000)

static bool read_text(const char *value, struct arena *arena, config_text *out)
{
    *out = arena_str(arena, bytes_of_str(value));
    return true;
}

bool config_parse_size(struct bytes text, uint64_t *bytes)
{
    static const struct {
        const char *suffix;
        unsigned shift;
    } units[] = {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"", 0}};
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!bytes_equal_str(bytes_slice(text, digits, text.n), units[i].suffix))
            continue;
        if (!bytes_to_u64(bytes_slice(text, 0, digits), SIZE_SUFFIX_MAX, bytes))
            return false;
        *bytes <<= units[i].shift;
        return *bytes > 0;
    }
    return false;
}

static bool read_size(const char *value, struct arena *arena, config_size *out)
{
    (void)arena;
    return config_parse_size(bytes_of_str(value), out);
}

static bool read_seconds(const char *value, struct arena *arena, config_seconds *out)
{
    (void)arena;
    uint64_t v;
    if (!bytes_to_u64(bytes_of_str(value), (uint64_t)SECONDS_MAX, &v))
        return false;
    *out = (int64_t)v;
    return true;
}

static bool read_count(const char *value, struct arena *arena, config_count *out)
{
    (void)arena;
    uint64_t v;
    if (!bytes_to_u64(bytes_of_str(value), COUNT_MAX, &v) || v == 0)
        return false;
    *out = (uint32_t)v;
    return true;
}

static const char *value_of(const char *variable, const char *otherwise)
{
    const char *value = getenv(variable);
    return value == NULL ? otherwise : value;
}

static bool fault(FILE *faults, const char *variable, const char *what)
{
    (void)fprintf(faults, "letterlock: %s: %s\n", variable, what);
    return false;
}

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_origin(const char *url)
{
    const char *host = starts_with(url, "https://")  ? url + 8
                       : starts_with(url, "http://") ? url + 7
                                                     : "";
    return host[0] != '\0' && strpbrk(host, "/?# \"'<>\\") == NULL;
}

static bool derive_sign_up(struct config *config)
{
    static const char *const modes[] = {"open", "invite", "closed"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(config->sign_up, modes[i]) == 0) {
            config->sign_up_mode = (enum sign_up_mode)i;
            return true;
        }
    }
    return false;
}

static bool is_arn(const char *text)
{
    return starts_with(text, "arn:aws") && strpbrk(text, " \"\\") == NULL;
}

static bool check_aws_keys(const struct config *config, FILE *faults)
{
    bool ok = true;
    bool shared = strcmp(config->aws_keys, "shared") == 0;
    if (!shared && strcmp(config->aws_keys, "per-user") != 0)
        ok = fault(faults, "LETTERLOCK_AWS_KEYS", "is one of per-user, shared");
    if (shared && !is_arn(config->aws_shared_key))
        ok = fault(faults, "LETTERLOCK_AWS_SHARED_KEY", "is the key's ARN, with shared keys");
    if (shared)
        return ok;
    if (!is_arn(config->aws_owner_role))
        ok = fault(faults, "LETTERLOCK_AWS_OWNER_ROLE", "is the ARN of a role");
    if (!is_arn(config->aws_server_roles))
        ok = fault(faults, "LETTERLOCK_AWS_SERVER_ROLES", "is ARNs of roles, with commas between");
    if (!is_arn(config->aws_provisioner_role))
        ok = fault(faults, "LETTERLOCK_AWS_PROVISIONER_ROLE", "is the ARN of a role");
    if (config->aws_admin_role[0] != '\0' && !is_arn(config->aws_admin_role))
        ok = fault(faults, "LETTERLOCK_AWS_ADMIN_ROLE", "is the ARN of a role");
    return ok;
}

static bool check_aws(const struct config *config, FILE *faults)
{
    const struct {
        const char *variable;
        const char *value;
    } needed[] = {
        {"LETTERLOCK_AWS_REGION", config->aws_region},
        {"LETTERLOCK_AWS_ACCOUNT", config->aws_account},
        {"LETTERLOCK_AWS_USER_POOL", config->aws_user_pool},
        {"LETTERLOCK_AWS_CLIENT_ID", config->aws_client},
        {"LETTERLOCK_AWS_IDENTITY_POOL", config->aws_identity_pool},
        {"LETTERLOCK_AWS_USERS_TABLE", config->aws_users_table},
        {"LETTERLOCK_AWS_MESSAGES_TABLE", config->aws_messages_table},
        {"LETTERLOCK_AWS_BUCKET", config->aws_bucket},
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].value[0] == '\0' || strpbrk(needed[i].value, " /?#\"\\") != NULL)
            ok = fault(faults, needed[i].variable, "is needed by the aws backend");
    }
    if (config->aws_endpoint[0] != '\0' && !is_origin(config->aws_endpoint))
        ok = fault(faults, "LETTERLOCK_AWS_ENDPOINT", "is http(s)://host[:port]");
    if (config->aws_s3_endpoint[0] != '\0' && !is_origin(config->aws_s3_endpoint))
        ok = fault(faults, "LETTERLOCK_AWS_S3_ENDPOINT", "is http(s)://host[:port]");
    if (strcmp(config->aws_notices, "sns") != 0 && strcmp(config->aws_notices, "ses") != 0 &&
        strcmp(config->aws_notices, "none") != 0)
        ok = fault(faults, "LETTERLOCK_AWS_NOTICES", "is one of sns, ses, none");
    return check_aws_keys(config, faults) && ok;
}

static bool check(struct config *config, FILE *faults)
{
    bool ok = true;
    if (strcmp(config->backend, "aws") == 0)
        ok = check_aws(config, faults);
    else if (strcmp(config->backend, "embedded") != 0)
        ok = fault(faults, "LETTERLOCK_BACKEND", "is one of embedded, aws");
    if (!derive_sign_up(config))
        ok = fault(faults, "LETTERLOCK_SIGN_UP", "is one of open, invite, closed");
    if (!log_level_from_str(config->log_level, &config->least_level))
        ok = fault(faults, "LETTERLOCK_LOG_LEVEL", "is one of debug, info, warning, error");
    if (!is_origin(config->public_url))
        ok = fault(faults, "LETTERLOCK_PUBLIC_URL", "is http(s)://host[:port], without a path");
    if (config->allowed_origin[0] != '\0' && !is_origin(config->allowed_origin))
        ok = fault(faults, "LETTERLOCK_ALLOWED_ORIGIN", "is http(s)://host[:port]");
    if (config->smtp_url[0] != '\0' && !starts_with(config->smtp_url, "smtp://") &&
        !starts_with(config->smtp_url, "smtps://"))
        ok = fault(faults, "LETTERLOCK_SMTP_URL", "starts with smtp:// or smtps://");
    if (config->smtp_tls[0] != '\0' && strcmp(config->smtp_tls, "required") != 0 &&
        strcmp(config->smtp_tls, "optional") != 0)
        ok = fault(faults, "LETTERLOCK_SMTP_TLS", "is required, optional or empty");
    if ((config->tls_cert[0] == '\0') != (config->tls_key[0] == '\0'))
        ok = fault(faults, "LETTERLOCK_TLS_CERT", "needs LETTERLOCK_TLS_KEY, and the other way");
    if (config->token_lifetime == 0 || config->token_lifetime > config->session_lifetime)
        ok = fault(faults, "LETTERLOCK_TOKEN_SECONDS",
                   "is at least 1 and at most LETTERLOCK_SESSION_SECONDS");
    if (config->max_letter_bytes > (uint64_t)INT64_MAX / 2 ||
        config->quota_bytes > (uint64_t)INT64_MAX / 2)
        ok = fault(faults, "LETTERLOCK_QUOTA_BYTES", "is too large");
    return ok;
}

bool config_read(struct config *config, struct arena *arena, FILE *faults)
{
    bool ok = true;
    *config = (struct config){0};
#define CONFIG_READ(member, type, variable, value, help)                                           \
    if (!read_##type(value_of(variable, value), arena, &config->member))                           \
        ok = fault(faults, variable, "is not a valid " #type);
    CONFIG_TABLE(CONFIG_READ)
#undef CONFIG_READ
    return ok && check(config, faults);
}

void config_help(FILE *out)
{
    static const struct {
        const char *variable;
        const char *value;
        const char *help;
    } rows[] = {
#define CONFIG_ROW(member, type, variable, value, help) {variable, value, help},
        CONFIG_TABLE(CONFIG_ROW)
#undef CONFIG_ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)fprintf(out, "  %-36s %s%s%s%s\n", rows[i].variable, rows[i].help,
                      rows[i].value[0] == '\0' ? "" : " [", rows[i].value,
                      rows[i].value[0] == '\0' ? "" : "]");
}
