#include "embedded/records_rows.h"

#include "base/digest.h"
#include "base/encode.h"

#include <string.h>

#define BINDING_BYTES 16u

/* The column as text in the arena; NULL (an erased account) is "". */
static const char *column_str(sqlite3_stmt *s, int at, struct arena *arena)
{
    if (arena == NULL || sqlite3_column_type(s, at) == SQLITE_NULL)
        return "";
    return (const char *)store_column_bytes(s, at, arena).p;
}

void records_row_message(sqlite3_stmt *s, struct arena *arena, struct message_record *out)
{
    *out = (struct message_record){
        .id = store_column_uuid(s, 1),
        .sender_id = store_column_uuid(s, 2),
        .recipient_id = store_column_uuid(s, 3),
        .sender_username = column_str(s, 4, arena),
        .recipient_username = column_str(s, 5, arena),
        .sent_unix_ms = store_column_int(s, 6),
        .read_unix_ms = store_column_int(s, 7),
        .expires_unix_ms = store_column_int(s, 8),
        .size = (uint64_t)store_column_int(s, 9),
        .sealed_size = (uint64_t)store_column_int(s, 10),
    };
    int64_t flags = store_column_int(s, 11);
    out->sender_can_open = (flags & MESSAGE_SENDER_CAN_OPEN) != 0;
    out->sender_verified = (flags & MESSAGE_SENDER_VERIFIED) != 0;
    out->inline_frames = (flags & MESSAGE_INLINE_FRAMES) != 0;
    const void *checksum = sqlite3_column_blob(s, 12);
    if (sqlite3_column_bytes(s, 12) == (int)CHECKSUM_BYTES)
        memcpy(out->checksum, checksum, CHECKSUM_BYTES);
}

void records_row_doomed(sqlite3_stmt *s, struct records_doomed *out)
{
    *out = (struct records_doomed){
        .no = store_column_int(s, 0),
        .id = store_column_uuid(s, 1),
        .recipient_no = store_column_int(s, 2),
        .sealed_size = store_column_int(s, 3),
        .has_object = (store_column_int(s, 4) & MESSAGE_INLINE_FRAMES) == 0,
    };
}

enum err records_delete_message(struct store_db *db, const struct records_doomed *m)
{
    sqlite3_stmt *s = store_statement(db, SQL_MESSAGE_DELETE);
    store_bind_int(s, 1, m->no);
    enum err e = store_run(db, s);
    if (e != ERR_OK)
        return e;
    s = store_statement(db, SQL_USER_ADD_USAGE);
    store_bind_int(s, 1, m->recipient_no);
    store_bind_int(s, 2, -m->sealed_size);
    return store_run(db, s);
}

/* Whether a cursor was tampered with is no secret worth a key: a forged one shows its forger
 * another page of the forger's own list. */
static void bind_cursor(struct bytes list, struct bytes position, uint8_t out[DIGEST_SHA256_BYTES])
{
    struct buffer b;
    buffer_init(&b, 1024);
    buffer_append_u32(&b, (uint32_t)list.n);
    buffer_append(&b, list);
    buffer_append(&b, position);
    digest_sha256(buffer_bytes(&b), out);
    buffer_fini(&b);
}

const char *records_cursor_write(struct arena *arena, struct bytes list, struct bytes position)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct buffer raw;
    struct buffer text;
    bind_cursor(list, position, digest);
    buffer_init(&raw, RECORDS_CURSOR_BYTES);
    buffer_init(&text, RECORDS_CURSOR_BYTES);
    buffer_append(&raw, bytes_of(digest, BINDING_BYTES));
    buffer_append(&raw, position);
    encode_base64url(&text, buffer_bytes(&raw));
    const char *cursor = arena_str(arena, buffer_bytes(&text));
    buffer_fini(&text);
    buffer_fini(&raw);
    return cursor;
}

enum err records_cursor_read(struct ctx *ctx, struct bytes list, struct bytes cursor,
                             struct bytes *position)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct bytes raw;
    if (cursor.n > RECORDS_CURSOR_BYTES || !encode_base64url_decode(ctx->arena, cursor, &raw) ||
        raw.n <= BINDING_BYTES)
        return ERR_INVALID_CURSOR;
    *position = bytes_slice(raw, BINDING_BYTES, raw.n);
    bind_cursor(list, *position, digest);
    if (!bytes_equal(bytes_slice(raw, 0, BINDING_BYTES), bytes_of(digest, BINDING_BYTES)))
        return ERR_INVALID_CURSOR;
    return ERR_OK;
}
