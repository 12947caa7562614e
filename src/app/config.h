/* The configuration: environment variables, each with a default, read once at the start. */
#ifndef LETTERLOCK_APP_CONFIG_H
#define LETTERLOCK_APP_CONFIG_H

#include "base/arena.h"
#include "base/log.h"
#include "core/core.h"

#include <stdio.h>

/* X(member, type, variable, default, help): one row a variable, in the order of the help text.
 * Types are those of config.c: text, size (bytes, with KiB, MiB, GiB), seconds, count, flag. */
#define CONFIG_TABLE(X)                                                                            \
    X(listen, text, "LETTERLOCK_LISTEN", "127.0.0.1:3000",                                         \
      "address:port of the API and the web client")                                                \
    X(admin_listen, text, "LETTERLOCK_ADMIN_LISTEN", "", "address:port of /metrics; empty: off")   \
    X(backend, text, "LETTERLOCK_BACKEND", "embedded", "embedded or aws")                          \
    X(data_dir, text, "LETTERLOCK_DATA_DIR", "./data",                                             \
      "embedded: database, objects, outbox, signing keys")                                         \
    X(public_url, text, "LETTERLOCK_PUBLIC_URL", "http://localhost:3000",                          \
      "how users reach the server: token issuer, links in mail, allowed origin")                   \
    X(allowed_origin, text, "LETTERLOCK_ALLOWED_ORIGIN", "",                                       \
      "one further origin whose pages may call the API (CORS)")                                    \
    X(smtp_url, text, "LETTERLOCK_SMTP_URL", "",                                                   \
      "smtp://host:587 or smtps://host:465; empty: mail goes to <data>/outbox")                    \
    X(smtp_user, text, "LETTERLOCK_SMTP_USER", "", "user name at the mail server")                 \
    X(smtp_password, text, "LETTERLOCK_SMTP_PASSWORD", "", "password at the mail server")          \
    X(smtp_ca_file, text, "LETTERLOCK_SMTP_CA_FILE", "",                                           \
      "PEM file with the mail server's authority, if it is not a public one")                      \
    X(smtp_tls, text, "LETTERLOCK_SMTP_TLS", "",                                                   \
      "required or optional; empty: required, but for a mail server on this machine")              \
    X(mail_from, text, "LETTERLOCK_MAIL_FROM", "letterlock@localhost.localdomain",                 \
      "sender address of our mails")                                                               \
    X(tls_cert, text, "LETTERLOCK_TLS_CERT", "", "PEM certificate chain for built-in HTTPS")       \
    X(tls_key, text, "LETTERLOCK_TLS_KEY", "", "PEM private key for built-in HTTPS")               \
    X(trusted_proxy, text, "LETTERLOCK_TRUSTED_PROXY", "",                                         \
      "address of the proxy whose X-Forwarded-For and -Proto are believed")                        \
    X(sign_up, text, "LETTERLOCK_SIGN_UP", "open", "open, invite or closed")                       \
    X(sign_up_domains, text, "LETTERLOCK_SIGN_UP_DOMAINS", "",                                     \
      "e-mail domains that may sign up, with commas between; empty: all")                          \
    X(max_letter_bytes, size, "LETTERLOCK_MAX_LETTER_BYTES", "5GiB", "largest letter")             \
    X(quota_bytes, size, "LETTERLOCK_QUOTA_BYTES", "20GiB",                                        \
      "letters kept for one user, unless set for the user")                                        \
    X(default_expires, seconds, "LETTERLOCK_EXPIRES_SECONDS", "0",                                 \
      "life of a letter whose sender names none; 0: until deleted")                                \
    X(token_lifetime, seconds, "LETTERLOCK_TOKEN_SECONDS", "3600", "life of ID and access tokens") \
    X(session_lifetime, seconds, "LETTERLOCK_SESSION_SECONDS", "2592000",                          \
      "life of an unused session (refresh token)")                                                 \
    X(streams_per_user, count, "LETTERLOCK_STREAMS_PER_USER", "16", "open event streams a user")   \
    X(streams_total, count, "LETTERLOCK_STREAMS_TOTAL", "20000", "open event streams in all")      \
    X(connections, count, "LETTERLOCK_CONNECTIONS", "25000", "open connections in all")            \
    X(connections_per_address, count, "LETTERLOCK_CONNECTIONS_PER_ADDRESS", "10000",               \
      "open connections of one address")                                                           \
    X(header_timeout, seconds, "LETTERLOCK_HEADER_SECONDS", "15", "time for a request's headers")  \
    X(request_timeout, seconds, "LETTERLOCK_REQUEST_SECONDS", "30",                                \
      "time for an ordinary request")                                                              \
    X(stream_timeout, seconds, "LETTERLOCK_STREAM_SECONDS", "86400", "time for a file transfer")   \
    X(heartbeat, seconds, "LETTERLOCK_HEARTBEAT_SECONDS", "20",                                    \
      "between signs of life on streams")                                                          \
    X(web_dir, text, "LETTERLOCK_WEB_DIR", "",                                                     \
      "built web client; empty: web/ beside the binary, or none")                                  \
    X(log_level, text, "LETTERLOCK_LOG_LEVEL", "info", "debug, info, warning or error")            \
    X(aws_region, text, "LETTERLOCK_AWS_REGION", "", "aws: the region, such as eu-central-1")      \
    X(aws_account, text, "LETTERLOCK_AWS_ACCOUNT", "", "aws: the account's 12 digits")             \
    X(aws_user_pool, text, "LETTERLOCK_AWS_USER_POOL", "", "aws: id of the Cognito user pool")     \
    X(aws_client, text, "LETTERLOCK_AWS_CLIENT_ID", "",                                            \
      "aws: id of the pool's app client, one without a secret")                                    \
    X(aws_identity_pool, text, "LETTERLOCK_AWS_IDENTITY_POOL", "", "aws: id of the identity pool") \
    X(aws_users_table, text, "LETTERLOCK_AWS_USERS_TABLE", "letterlock-users",                     \
      "aws: DynamoDB table of users")                                                              \
    X(aws_messages_table, text, "LETTERLOCK_AWS_MESSAGES_TABLE", "letterlock-messages",            \
      "aws: DynamoDB table of letters")                                                            \
    X(aws_bucket, text, "LETTERLOCK_AWS_BUCKET", "", "aws: S3 bucket of large letters")            \
    X(aws_keys, text, "LETTERLOCK_AWS_KEYS", "per-user",                                           \
      "aws: per-user (a KMS key each) or shared (one key, for many users)")                        \
    X(aws_shared_key, text, "LETTERLOCK_AWS_SHARED_KEY", "", "aws: ARN of the shared key")         \
    X(aws_user_keys, count, "LETTERLOCK_AWS_USER_KEYS_MAX", "10000",                               \
      "aws: per-user keys that may be made")                                                       \
    X(aws_owner_role, text, "LETTERLOCK_AWS_OWNER_ROLE", "",                                       \
      "aws: ARN of the identity pool's role: it alone opens letters")                              \
    X(aws_server_roles, text, "LETTERLOCK_AWS_SERVER_ROLES", "",                                   \
      "aws: ARNs of the servers' roles, with commas between: they seal")                           \
    X(aws_provisioner_role, text, "LETTERLOCK_AWS_PROVISIONER_ROLE", "",                           \
      "aws: ARN of the role that makes keys")                                                      \
    X(aws_admin_role, text, "LETTERLOCK_AWS_ADMIN_ROLE", "",                                       \
      "aws: ARN of a role that may disable keys, or empty")                                        \
    X(aws_notices, text, "LETTERLOCK_AWS_NOTICES", "sns", "aws: sns, ses or none")                 \
    X(aws_topic_prefix, text, "LETTERLOCK_AWS_TOPIC_PREFIX", "letterlock-user-",                   \
      "aws: beginning of the names of users' SNS topics")                                          \
    X(aws_endpoint, text, "LETTERLOCK_AWS_ENDPOINT", "",                                           \
      "aws: http(s)://host:port in place of AWS's own, for tests")                                 \
    X(aws_s3_endpoint, text, "LETTERLOCK_AWS_S3_ENDPOINT", "", "aws: likewise, for S3 alone")      \
    X(aws_jwks_url, text, "LETTERLOCK_AWS_JWKS_URL", "",                                           \
      "aws: where the pool's public keys are; empty: at their issuer")                             \
    X(aws_ca_file, text, "LETTERLOCK_AWS_CA_FILE", "",                                             \
      "aws: PEM file of the endpoints' authority, if not a public one")

typedef const char *config_text;
typedef uint64_t config_size;
typedef int64_t config_seconds;
typedef uint32_t config_count;

struct config {
#define CONFIG_MEMBER(member, type, variable, value, help) config_##type member;
    CONFIG_TABLE(CONFIG_MEMBER)
#undef CONFIG_MEMBER

    /* derived */
    enum sign_up_mode sign_up_mode;
    enum log_level least_level;
};

/* Reads and validates the environment. On failure writes one line per fault, naming the variable,
 * to faults, and gives false. Texts live in the arena. */
bool config_read(struct config *config, struct arena *arena, FILE *faults);

/* Reads a size in bytes, with KiB, MiB or GiB behind it or without. False for anything else and for
 * 0. */
bool config_parse_size(struct bytes text, uint64_t *bytes);

/* Writes the table of variables for --help. */
void config_help(FILE *out);

#endif
