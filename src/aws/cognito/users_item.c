#include "aws/cognito/users_item.h"

#include <stdlib.h>

#define MS_PER_S 1000
/* Clocks differ, and what is past is refused by its own time anyway. */
#define TTL_SLACK_S 3600

json_t *users_item_key(const char *key)
{
    json_t *item = json_object();
    if (item == NULL)
        abort();
    dynamo_item_set_text(item, "userId", bytes_of_str(key));
    return item;
}

json_t *users_item_request(struct aws_client *client, const char *key)
{
    json_t *in = json_object();
    if (in == NULL)
        abort();
    json_object_set_new(in, "TableName", json_string(aws_client_config(client)->users_table));
    json_object_set_new(in, "Key", users_item_key(key));
    return in;
}

/* The member of that name, made when it is missing. */
static json_t *member(json_t *in, const char *name)
{
    json_t *object = json_object_get(in, name);
    if (object == NULL) {
        object = json_object();
        if (json_object_set_new(in, name, object) != 0)
            abort();
    }
    return object;
}

void users_item_name(json_t *in, const char *alias, const char *name)
{
    json_object_set_new(member(in, "ExpressionAttributeNames"), alias, json_string(name));
}

json_t *users_item_values(json_t *in)
{
    return member(in, "ExpressionAttributeValues");
}

void users_item_set_ttl(json_t *item, const char *name, int64_t unix_ms)
{
    dynamo_item_set_number(item, name, unix_ms / MS_PER_S + TTL_SLACK_S);
}

enum err users_item_run(struct aws_client *client, struct ctx *ctx, const char *operation,
                        json_t *in)
{
    struct dynamo_answer answer = {0};
    enum err e = dynamo_call_run(client, ctx, operation, in, &answer);
    dynamo_call_end(&answer);
    return e;
}

enum err users_item_put(struct aws_client *client, struct ctx *ctx, json_t *item)
{
    json_t *in = json_object();
    json_object_set_new(in, "TableName", json_string(aws_client_config(client)->users_table));
    json_object_set_new(in, "Item", item);
    return users_item_run(client, ctx, "PutItem", in);
}
