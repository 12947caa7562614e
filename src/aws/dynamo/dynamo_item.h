/* DynamoDB items as JSON (Amazon DynamoDB API Reference, AttributeValue): {"name": {"S": "text"}}.
 * Numbers travel as text, binary as base64. The values of expressions and keys have the same form.
 */
#ifndef LETTERLOCK_AWS_DYNAMO_ITEM_H
#define LETTERLOCK_AWS_DYNAMO_ITEM_H

#include "base/arena.h"
#include "base/json.h"

/* Set an attribute of item; data is copied. Text that is no UTF-8 becomes a value that DynamoDB
 * refuses. */
void dynamo_item_set_text(json_t *item, const char *name, struct bytes text);
void dynamo_item_set_uuid(json_t *item, const char *name, const struct uuid *id);
void dynamo_item_set_number(json_t *item, const char *name, int64_t number);
void dynamo_item_set_flag(json_t *item, const char *name, bool flag);
void dynamo_item_set_binary(json_t *item, const char *name, struct bytes data);
/* A map, whose reference is taken. */
void dynamo_item_set_map(json_t *item, const char *name, json_t *map);

/* True when item has the attribute, of whatever type. */
bool dynamo_item_has(const json_t *item, const char *name);

/* Read an attribute; false, with *out untouched, when it is absent or of another type. Text and
 * maps are borrowed from item; binary lives in the arena. item may be NULL. */
bool dynamo_item_text(const json_t *item, const char *name, struct bytes *out);
bool dynamo_item_uuid(const json_t *item, const char *name, struct uuid *out);
bool dynamo_item_number(const json_t *item, const char *name, int64_t *out);
bool dynamo_item_binary(const json_t *item, const char *name, struct arena *arena,
                        struct bytes *out);
bool dynamo_item_map(const json_t *item, const char *name, const json_t **out);

/* The number, or otherwise when there is none. */
int64_t dynamo_item_number_or(const json_t *item, const char *name, int64_t otherwise);

/* True when the attribute is there and true. */
bool dynamo_item_flag(const json_t *item, const char *name);

#endif
