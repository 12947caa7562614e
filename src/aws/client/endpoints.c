#include "aws/client/endpoints.h"

#include <string.h>

#define BUCKET_CHARS_MAX 63u
#define JSON_1_0 "application/x-amz-json-1.0"
#define JSON_1_1 "application/x-amz-json-1.1"

static const struct {
    const char *host_prefix; /* "kms" of "kms.<region>.amazonaws.com" */
    const char *signing_name;
    const char *target_prefix;
    const char *content_type;
} services[AWS_SERVICE_COUNT] = {
    [AWS_COGNITO_IDP] = {"cognito-idp", "cognito-idp", "AWSCognitoIdentityProviderService.",
                         JSON_1_1},
    [AWS_COGNITO_IDENTITY] = {"cognito-identity", "cognito-identity", "AWSCognitoIdentityService.",
                              JSON_1_1},
    [AWS_KMS] = {"kms", "kms", "TrentService.", JSON_1_1},
    [AWS_DYNAMODB] = {"dynamodb", "dynamodb", "DynamoDB_20120810.", JSON_1_0},
    [AWS_S3] = {"s3", "s3", "", ""},
    [AWS_SNS] = {"sns", "sns", "", ""},
    [AWS_SES] = {"email", "ses", "", ""},
};

/* Regions and buckets become parts of host names. dots: whether there may be any. */
static bool is_host_part(const char *text, bool dots)
{
    const char *taken =
        dots ? "abcdefghijklmnopqrstuvwxyz0123456789-." : "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t n = strspn(text, taken);
    return n > 0 && text[n] == '\0' && n <= BUCKET_CHARS_MAX;
}

/* "" when there is none: backends without letters' frames leave it out. */
static const char *bucket_of(const struct aws_config *config)
{
    return config->bucket == NULL ? "" : config->bucket;
}

/* The authority of url, without a port that is its scheme's own; NULL when url is no origin. */
static const char *host_of(struct arena *arena, const char *url)
{
    struct bytes text = bytes_of_str(url);
    bool tls = bytes_starts_with(text, BYTES_LIT("https://"));
    if (!tls && !bytes_starts_with(text, BYTES_LIT("http://")))
        return NULL;
    struct bytes host = bytes_slice(text, tls ? 8 : 7, text.n);
    if (host.n == 0 || url[strcspn(url, "?#@\\ \t\r\n")] != '\0' ||
        bytes_find(host, '/', 0) != SIZE_MAX)
        return NULL;
    const char *port = tls ? ":443" : ":80";
    size_t n = strlen(port);
    if (host.n > n && memcmp(host.p + host.n - n, port, n) == 0)
        host.n -= n;
    return arena_str(arena, host);
}

/* What the configuration says instead of AWS's own host; "" for nothing. */
static const char *override_of(const struct aws_config *config, enum aws_service service)
{
    if (service == AWS_S3 && config->s3_endpoint[0] != '\0')
        return config->s3_endpoint;
    return config->endpoint;
}

/* A bucket with a dot in its name would not match the wildcard of S3's certificate. */
static bool is_path_style(const struct aws_config *config, enum aws_service service)
{
    return service == AWS_S3 && bucket_of(config)[0] != '\0' &&
           (override_of(config, service)[0] != '\0' || strchr(bucket_of(config), '.') != NULL);
}

static const char *base_of(struct arena *arena, const struct aws_config *config,
                           enum aws_service service)
{
    const char *override = override_of(config, service);
    bool bucket_in_host =
        service == AWS_S3 && bucket_of(config)[0] != '\0' && !is_path_style(config, service);
    if (override[0] != '\0')
        return override;
    return arena_printf(arena, "https://%s%s%s.%s.amazonaws.com%s",
                        bucket_in_host ? bucket_of(config) : "", bucket_in_host ? "." : "",
                        services[service].host_prefix, config->region,
                        strncmp(config->region, "cn-", 3) == 0 ? ".cn" : "");
}

enum err endpoints_init(struct ctx *ctx, struct arena *arena, const struct aws_config *config,
                        struct endpoint endpoints[AWS_SERVICE_COUNT])
{
    if (!is_host_part(config->region, false))
        return ctx_fail(ctx, ERR_UNAVAILABLE, "the AWS region is not valid");
    if (bucket_of(config)[0] != '\0' && !is_host_part(bucket_of(config), true))
        return ctx_fail(ctx, ERR_UNAVAILABLE, "the bucket's name is not valid");
    for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
        enum aws_service service = (enum aws_service)i;
        const char *base = base_of(arena, config, service);
        const char *host = host_of(arena, base);
        if (host == NULL)
            return ctx_fail(ctx, ERR_UNAVAILABLE, "the AWS endpoint is not scheme://host[:port]");
        endpoints[i] = (struct endpoint){
            .base = base,
            .host = host,
            .path_prefix =
                is_path_style(config, service) ? arena_printf(arena, "/%s", bucket_of(config)) : "",
            .signing_name = services[i].signing_name,
            .target_prefix = services[i].target_prefix,
            .content_type = services[i].content_type,
        };
    }
    return ERR_OK;
}
