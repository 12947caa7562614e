#include "tables.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 30000

const char *tables_setting(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) {
        (void)fprintf(stderr, "%s is not set\n", name);
        exit(2);
    }
    return value;
}

static const char *optional(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

void tables_open(struct tables_node *node, const char *users, const char *messages)
{
    struct arena arena;
    struct ctx ctx;
    *node = (struct tables_node){
        .config = {.region = tables_setting("LETTERLOCK_AWS_REGION"),
                   .account = optional("LETTERLOCK_AWS_ACCOUNT"),
                   .endpoint = tables_setting("LETTERLOCK_AWS_ENDPOINT"),
                   .s3_endpoint = "",
                   .jwks_url = "",
                   .ca_file = optional("LETTERLOCK_AWS_CA_FILE"),
                   .bucket = "",
                   .users_table = users,
                   .messages_table = messages},
    };
    arena_init(&arena);
    ctx_init(&ctx, &arena, TIMEOUT_MS);
    if (aws_client_create(&ctx, &node->config, &node->client) != ERR_OK) {
        (void)fprintf(stderr, "no client: %s\n", ctx.detail);
        exit(2);
    }
    arena_fini(&arena);
    node->records = dynamo_records_create(node->client);
}

void tables_close(struct tables_node *node)
{
    dynamo_records_destroy(node->records);
    aws_client_destroy(node->client);
}
