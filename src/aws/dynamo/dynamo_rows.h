/* What the files of the DynamoDB adapter share: rows, and the functions behind the port. */
#ifndef LETTERLOCK_AWS_DYNAMO_ROWS_H
#define LETTERLOCK_AWS_DYNAMO_ROWS_H

#include "aws/dynamo/dynamo_call.h"
#include "aws/dynamo/dynamo_item.h"
#include "aws/dynamo/dynamo_records.h"
#include "aws/dynamo/dynamo_schema.h"
#include "base/cache.h"
#include "base/threads.h"

#define DYNAMO_TOPIC_BYTES 257u /* an ARN of SNS has at most 256 characters */

struct dynamo_records {
    struct aws_client *client;
    const char *users_table;
    const char *messages_table;
    struct cache *users; /* id, zero-padded -> struct dynamo_user */
    struct cache *names; /* digest of a username -> its last known id */
    struct lock lock;    /* guards the cursor key */
    struct secret cursor_key;
    bool has_cursor_key;
};

/* --- users (dynamo_users.c) --- */

/* An item of Users. Fixed sizes, to be kept in the cache. */
struct dynamo_user {
    struct uuid id;
    char username[USERNAME_MAX_BYTES + 1]; /* "" when erased */
    char email[EMAIL_MAX_BYTES + 1];
    char key_reference[KEY_REFERENCE_BYTES];
    char topic_reference[DYNAMO_TOPIC_BYTES];
    int state; /* enum user_state, or DYNAMO_STATE_ERASED */
    int64_t created_unix_ms;
    int64_t quota_bytes;
};

/* Reads a user's item or its projection. False when it is none. */
bool dynamo_row_user(const json_t *item, struct dynamo_user *out);
void dynamo_row_give_user(struct arena *arena, const struct dynamo_user *user,
                          struct user_record *out);

/* The user's item as it is now. ERR_NOT_FOUND; an erased one is found. *usage: its usedBytes. */
enum err dynamo_users_read(struct dynamo_records *records, struct ctx *ctx, const struct uuid *id,
                           struct dynamo_user *out, int64_t *usage) MUST_CHECK;

/* The user changed: the next read goes to the table. */
void dynamo_users_forget(struct dynamo_records *records, const struct uuid *id);

/* A request's "Key" for an item of Users. */
json_t *dynamo_users_key(struct bytes key);

/* The names of count users, in the arena: "" for an erased or unknown one. */
enum err dynamo_names_find(struct dynamo_records *records, struct ctx *ctx, const struct uuid *ids,
                           size_t count, const char **names) MUST_CHECK;

/* Fills in the usernames of letters. */
enum err dynamo_names_fill(struct dynamo_records *records, struct ctx *ctx,
                           struct message_record *letters, size_t count) MUST_CHECK;

/* The cache of users: false when the user is not in it. */
bool dynamo_users_recall(struct dynamo_records *records, struct ctx *ctx, const struct uuid *id,
                         struct dynamo_user *out);
void dynamo_users_remember(struct dynamo_records *records, struct ctx *ctx,
                           const struct dynamo_user *user);

/* --- letters --- */

/* Bytes of "1795000000000#<id>" and its NUL. */
#define DYNAMO_SORT_KEY_BYTES (14u + UUID_TEXT_BYTES)
void dynamo_row_sort_key(int64_t sent_unix_ms, const struct uuid *id,
                         char out[DYNAMO_SORT_KEY_BYTES]);

/* The time in an item's sort key; false when there is none. */
bool dynamo_row_sent(const json_t *item, int64_t *sent_unix_ms);

/* Bytes of "<smaller id>#<larger id>" and its NUL. */
#define DYNAMO_CONVERSATION_BYTES (2u * UUID_TEXT_BYTES)
void dynamo_row_conversation(const struct uuid *a, const struct uuid *b,
                             char out[DYNAMO_CONVERSATION_BYTES]);

/* Reads a letter's item or its projection, without payload and usernames. False when it is none. */
bool dynamo_row_message(const json_t *item, struct arena *arena, struct message_record *out);

/* Sets the attributes of a letter that its readers need, but no payload. */
void dynamo_row_set_message(json_t *item, const struct message_record *m);

/* A request's "Key" for a letter. */
json_t *dynamo_row_message_key(const struct uuid *id);

/* True when the letter's end has come. */
bool dynamo_row_is_expired(const struct message_record *m, int64_t now_unix_ms);

/* A letter about to be deleted. */
struct dynamo_doomed {
    struct uuid id;
    struct uuid recipient_id;
    int64_t sealed_size;
    int64_t expires_unix_ms;
    bool has_object;
    bool unread_only; /* delete it only while it is unread */
    bool kept;        /* out: it was not deleted, as it is gone or was read */
};

bool dynamo_row_doomed(const json_t *item, struct dynamo_doomed *out);

/* Deletes letters, each in one transaction with its recipient's usage. An error may come after some
 * of them are gone. */
enum err dynamo_delete_letters(struct dynamo_records *records, struct ctx *ctx,
                               struct dynamo_doomed *doomed, size_t count) MUST_CHECK;

/* --- cursors (dynamo_cursor.c) --- */

/* A position in one list as opaque text in the arena, signed. list tells everything that makes the
 * list what it is, the actor first. */
enum err dynamo_cursor_write(struct dynamo_records *records, struct ctx *ctx, struct bytes list,
                             struct bytes position, const char **out) MUST_CHECK;

/* Reads it; ERR_INVALID_CURSOR when no node gave it for this list. *position lives in the arena. */
enum err dynamo_cursor_read(struct dynamo_records *records, struct ctx *ctx, struct bytes list,
                            struct bytes cursor, struct bytes *position) MUST_CHECK;

/* --- the functions behind the port (ports/records.h has their contracts) --- */

enum err dynamo_user_put(void *self, struct ctx *ctx, const struct user_record *user);
enum err dynamo_user_by_id(void *self, struct ctx *ctx, const struct uuid *id,
                           struct user_record *out);
enum err dynamo_user_by_name(void *self, struct ctx *ctx, struct bytes username,
                             struct user_record *out);
enum err dynamo_user_usage(void *self, struct ctx *ctx, const struct uuid *id, int64_t *used_bytes);
enum err dynamo_users_list(void *self, struct ctx *ctx, struct bytes prefix, size_t limit,
                           struct bytes cursor, struct user_page *out);
enum err dynamo_user_erase(void *self, struct ctx *ctx, const struct uuid *user_id,
                           struct uuid **object_ids, size_t *count);
void dynamo_message_put(void *self, struct ctx *ctx, const struct message_put *in,
                        message_put_done done, void *arg);
enum err dynamo_message_get(void *self, struct ctx *ctx, const struct uuid *id, bool with_payload,
                            struct message_record *out);
enum err dynamo_messages_list(void *self, struct ctx *ctx, const struct message_query *query,
                              struct message_page *out);
enum err dynamo_messages_since(void *self, struct ctx *ctx, int64_t since_unix_ms, size_t limit,
                               struct message_page *out);
enum err dynamo_unread(void *self, struct ctx *ctx, struct unread_summary *out);
enum err dynamo_message_mark_read(void *self, struct ctx *ctx, const struct uuid *id,
                                  struct message_record *out, bool *changed);
enum err dynamo_message_delete(void *self, struct ctx *ctx, const struct uuid *id,
                               struct message_record *out);
enum err dynamo_messages_expire(void *self, struct ctx *ctx, size_t limit, struct uuid **object_ids,
                                size_t *object_count, size_t *deleted);
enum err dynamo_message_exists(void *self, struct ctx *ctx, const struct uuid *id, bool *exists);

#endif
