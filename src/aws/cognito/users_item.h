/* Requests for single items of the Users table, as the identity adapter keeps some. */
#ifndef LETTERLOCK_AWS_USERS_ITEM_H
#define LETTERLOCK_AWS_USERS_ITEM_H

#include "aws/dynamo/dynamo_call.h"
#include "aws/dynamo/dynamo_item.h"

/* A new object with the table's key. */
json_t *users_item_key(const char *key) __attribute__((returns_nonnull));

/* A new request for the item of that key. */
json_t *users_item_request(struct aws_client *client, const char *key)
    __attribute__((returns_nonnull));

/* Lets alias ("#s") stand for the attribute name in the request's expressions. */
void users_item_name(json_t *in, const char *alias, const char *name);

/* The request's values (":now"), borrowed. */
json_t *users_item_values(json_t *in) __attribute__((returns_nonnull));

/* Sets an attribute or value to a time as DynamoDB's ttl wants it: in seconds, and not early. */
void users_item_set_ttl(json_t *item, const char *name, int64_t unix_ms);

/* Runs a request, whose reference is taken, that no condition can refuse and whose answer does not
 * matter. */
enum err users_item_run(struct aws_client *client, struct ctx *ctx, const char *operation,
                        json_t *in) MUST_CHECK;

/* Stores an item, whose reference is taken, in place of any other of its key. */
enum err users_item_put(struct aws_client *client, struct ctx *ctx, json_t *item) MUST_CHECK;

#endif
