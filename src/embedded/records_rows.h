/* What the files of the records adapter share: rows, and the functions behind the port. */
#ifndef LETTERLOCK_EMBEDDED_RECORDS_ROWS_H
#define LETTERLOCK_EMBEDDED_RECORDS_ROWS_H

#include "base/cache.h"
#include "embedded/records_adapter.h"

#include <stdatomic.h>

#define RECORDS_TOPIC_BYTES 256u /* an ARN and its NUL */

/* users.state of an erased account; the others are enum user_state. */
#define RECORDS_STATE_ERASED 3

enum message_flag {
    MESSAGE_SENDER_CAN_OPEN = 1,
    MESSAGE_SENDER_VERIFIED = 2,
    MESSAGE_INLINE_FRAMES = 4,
    MESSAGE_SEALED_BY_CLIENT = 8,
};

struct records_adapter {
    struct store *store;
    struct cache *users;              /* id, zero-padded -> struct records_user */
    struct cache *names;              /* digest of a username -> its last known id */
    atomic_uint user_changes;         /* by this process, counted after each commit */
    atomic_uint foreign_changes_seen; /* of the store, when the cache was last emptied */
};

/* A row of users. Fixed sizes, to be kept in the cache. */
struct records_user {
    int64_t no;
    struct uuid id;
    char username[USERNAME_MAX_BYTES + 1];
    char email[EMAIL_MAX_BYTES + 1];
    char key_reference[KEY_REFERENCE_BYTES];
    char topic_reference[RECORDS_TOPIC_BYTES];
    enum user_state state;
    int64_t created_unix_ms;
    int64_t quota_bytes;
};

/* The row by id, from the cache or the table. ERR_NOT_FOUND. */
enum err records_user_find(struct records_adapter *records, struct ctx *ctx, const struct uuid *id,
                           struct records_user *out) MUST_CHECK;

/* Reads the row that a statement with MESSAGE_COLUMNS stands on. */
void records_row_message(sqlite3_stmt *s, struct arena *arena, struct message_record *out);

/* A letter about to be deleted: columns no, id, recipient_no, sealed_size, flags. */
struct records_doomed {
    int64_t no;
    int64_t recipient_no;
    int64_t sealed_size;
    struct uuid id;
    bool has_object;
};

void records_row_doomed(sqlite3_stmt *s, struct records_doomed *out);

/* Inside a task: deletes the letter and takes it off its recipient's usage. */
enum err records_delete_message(struct store_db *db, const struct records_doomed *m) MUST_CHECK;

/* Whether a letter of that id is stored. */
enum err records_letter_exists(struct store *store, struct ctx *ctx, const struct uuid *id,
                               bool *exists) MUST_CHECK;

/* A position in one list as opaque text: n bytes, bound to that list by a digest. list tells
 * everything that makes the list what it is. */
const char *records_cursor_write(struct arena *arena, struct bytes list, struct bytes position);

/* Reads it; ERR_INVALID_CURSOR when this list did not give it. *position lives in the arena. */
enum err records_cursor_read(struct ctx *ctx, struct bytes list, struct bytes cursor,
                             struct bytes *position) MUST_CHECK;

/* The functions behind the port (ports/records.h has their contracts). */
enum err records_user_put(void *self, struct ctx *ctx, const struct user_record *user);
enum err records_user_by_id(void *self, struct ctx *ctx, const struct uuid *id,
                            struct user_record *out);
enum err records_user_by_name(void *self, struct ctx *ctx, struct bytes username,
                              struct user_record *out);
enum err records_user_usage(void *self, struct ctx *ctx, const struct uuid *id,
                            int64_t *used_bytes);
enum err records_users_list(void *self, struct ctx *ctx, struct bytes prefix, size_t limit,
                            struct bytes cursor, struct user_page *out);
enum err records_user_erase(void *self, struct ctx *ctx, const struct uuid *user_id,
                            struct uuid **object_ids, size_t *count);
void records_message_put(void *self, struct ctx *ctx, const struct message_put *in,
                         message_put_done done, void *arg);
enum err records_message_get(void *self, struct ctx *ctx, const struct uuid *id, bool with_payload,
                             struct message_record *out);
enum err records_messages_list(void *self, struct ctx *ctx, const struct message_query *query,
                               struct message_page *out);
enum err records_messages_since(void *self, struct ctx *ctx, int64_t since_unix_ms, size_t limit,
                                struct message_page *out);
enum err records_unread(void *self, struct ctx *ctx, struct unread_summary *out);
enum err records_message_mark_read(void *self, struct ctx *ctx, const struct uuid *id,
                                   struct message_record *out, bool *changed);
enum err records_message_delete(void *self, struct ctx *ctx, const struct uuid *id,
                                struct message_record *out);
enum err records_messages_expire(void *self, struct ctx *ctx, size_t limit,
                                 struct uuid **object_ids, size_t *object_count, size_t *deleted);
enum err records_message_exists(void *self, struct ctx *ctx, const struct uuid *id, bool *exists);

#endif
