#include "cloud_client.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 30000

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

void cloud_client_init(struct cloud_client *c)
{
    struct arena arena;
    struct ctx ctx;
    c->config = (struct aws_config){
        .region = setting("LETTERLOCK_AWS_REGION"),
        .account = setting("LETTERLOCK_AWS_ACCOUNT"),
        .endpoint = setting("LETTERLOCK_AWS_ENDPOINT"),
        .s3_endpoint = setting("LETTERLOCK_AWS_S3_ENDPOINT"),
        .jwks_url = "",
        .ca_file = setting("LETTERLOCK_AWS_CA_FILE"),
        .bucket = setting("LETTERLOCK_AWS_BUCKET"),
        .notices = setting("LETTERLOCK_AWS_NOTICES"),
        .topic_prefix = setting("LETTERLOCK_AWS_TOPIC_PREFIX"),
        .mail_from = setting("LETTERLOCK_MAIL_FROM"),
        .public_url = setting("LETTERLOCK_PUBLIC_URL"),
    };
    arena_init(&arena);
    ctx_init(&ctx, &arena, TIMEOUT_MS);
    if (aws_client_create(&ctx, &c->config, &c->client) != ERR_OK) {
        (void)fprintf(stderr, "no client: %s\n", ctx.detail);
        exit(2);
    }
    arena_fini(&arena);
}

void cloud_client_fini(struct cloud_client *c)
{
    aws_client_destroy(c->client);
}
