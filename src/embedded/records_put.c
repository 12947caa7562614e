#include "embedded/records_rows.h"

#include <string.h>

/* On the arena of the request, which waits for its end. The writer thread never allocates there:
 * the request's own thread may still be at work in it. */
struct put_task {
    struct store_task task;
    struct records_adapter *records;
    const struct message_put *in;
    int64_t now_unix_ms;
    message_put_done done;
    void *arg;
    struct message_put_result result;
};

/* Looks for a letter that the sender stored under this key. *found tells. */
static enum err find_by_key(struct put_task *t, struct store_db *db, int64_t sender_no, bool *found)
{
    const struct message_put *in = t->in;
    sqlite3_stmt *s = store_statement(db, SQL_MESSAGE_BY_KEY);
    store_bind_int(s, 1, sender_no);
    store_bind_bytes(s, 2, in->idempotency_key);
    store_bind_int(s, 3, t->now_unix_ms - RECORDS_IDEMPOTENCY_MS);
    enum err e = store_step(db, s, found);
    if (e != ERR_OK || !*found)
        return e;
    const void *fingerprint = sqlite3_column_blob(s, 13);
    struct bytes stored = bytes_of(fingerprint, (size_t)sqlite3_column_bytes(s, 13));
    if (!bytes_equal(stored, bytes_of(in->fingerprint, sizeof in->fingerprint)))
        return ERR_IDEMPOTENCY_MISMATCH;
    t->result.duplicate = true;
    records_row_message(s, NULL, &t->result.stored);
    return ERR_OK;
}

/* Checks that the recipient is there and has room. */
static enum err check_room(struct put_task *t, struct store_db *db, int64_t recipient_no)
{
    sqlite3_stmt *s = store_statement(db, SQL_USER_USAGE);
    store_bind_int(s, 1, recipient_no);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK)
        return e;
    if (!row)
        return ERR_UNKNOWN_RECIPIENT;
    int64_t used = store_column_int(s, 0);
    int64_t room = t->in->quota_bytes > used ? t->in->quota_bytes - used : 0;
    return t->in->record.sealed_size > (uint64_t)room ? ERR_QUOTA_EXCEEDED : ERR_OK;
}

/* A password reset without recovery key may have come between the sealing and now: the letter would
 * be acknowledged, and nobody could open it. */
static enum err check_key(const struct put_task *t, struct store_db *db)
{
    struct uuid id;
    if (t->in->recipient_key == NULL || !uuid_parse(bytes_of_str(t->in->recipient_key), &id))
        return ERR_OK;
    sqlite3_stmt *s = store_statement(db, SQL_KEY_IS_LOST);
    store_bind_uuid(s, 1, &id);
    bool lost = false;
    enum err e = store_step(db, s, &lost);
    return e == ERR_OK && lost ? ERR_UNAVAILABLE : e;
}

static int64_t flags_of(const struct message_put *in)
{
    const struct message_record *m = &in->record;
    return (m->sender_can_open ? MESSAGE_SENDER_CAN_OPEN : 0) |
           (m->sender_verified ? MESSAGE_SENDER_VERIFIED : 0) |
           (m->inline_frames ? MESSAGE_INLINE_FRAMES : 0) |
           (in->sealed_by_client ? MESSAGE_SEALED_BY_CLIENT : 0);
}

static enum err insert(const struct message_put *in, struct store_db *db, int64_t sender_no,
                       int64_t recipient_no)
{
    const struct message_record *m = &in->record;
    sqlite3_stmt *s = store_statement(db, SQL_MESSAGE_INSERT);
    store_bind_uuid(s, 1, &m->id);
    store_bind_int(s, 2, recipient_no);
    store_bind_int(s, 3, sender_no);
    store_bind_int(s, 4, m->sent_unix_ms);
    if (m->expires_unix_ms != 0)
        store_bind_int(s, 5, m->expires_unix_ms);
    store_bind_int(s, 6, (int64_t)m->size);
    store_bind_int(s, 7, (int64_t)m->sealed_size);
    store_bind_int(s, 8, flags_of(in));
    store_bind_bytes(s, 9, bytes_of(m->checksum, sizeof m->checksum));
    if (in->idempotency_key.n > 0) {
        store_bind_bytes(s, 10, in->idempotency_key);
        store_bind_bytes(s, 11, bytes_of(in->fingerprint, sizeof in->fingerprint));
    }
    store_bind_bytes(s, 12, m->header);
    if (m->inline_frames)
        store_bind_bytes(s, 13, m->frames);
    return store_run(db, s);
}

static enum err add_usage_and_notice(const struct message_put *in, struct store_db *db,
                                     int64_t recipient_no)
{
    sqlite3_stmt *s = store_statement(db, SQL_USER_ADD_USAGE);
    store_bind_int(s, 1, recipient_no);
    store_bind_int(s, 2, (int64_t)in->record.sealed_size);
    enum err e = store_run(db, s);
    if (e != ERR_OK)
        return e;
    s = store_statement(db, SQL_NOTICE_ADD);
    store_bind_int(s, 1, recipient_no);
    store_bind_int(s, 2, in->record.sent_unix_ms);
    return store_run(db, s);
}

/* Every check comes before the first write, and the insertion, which fails whole when the id
 * exists, is the first write: see store_task.checks_first. */
static enum err run_put(struct store_task *task, struct store_db *db)
{
    struct put_task *t = (struct put_task *)task;
    const struct message_put *in = t->in;
    int64_t sender_no = 0;
    int64_t recipient_no = 0;
    enum err e = records_adapter_user_no(t->records, db, &in->record.sender_id, &sender_no);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
    if (in->idempotency_key.n > 0) {
        bool found = false;
        e = find_by_key(t, db, sender_no, &found);
        if (e != ERR_OK || found)
            return e;
    }
    e = records_adapter_user_no(t->records, db, &in->record.recipient_id, &recipient_no);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
    e = check_room(t, db, recipient_no);
    if (e == ERR_OK)
        e = check_key(t, db);
    if (e == ERR_OK)
        e = insert(in, db, sender_no, recipient_no);
    if (e == ERR_OK)
        e = add_usage_and_notice(in, db, recipient_no);
    return e;
}

static void finish_put(struct store_task *task, enum err result)
{
    struct put_task *t = (struct put_task *)task;
    t->result.e = result;
    if (result != ERR_OK)
        t->result.duplicate = false;
    t->done(t->arg, &t->result);
}

void records_message_put(void *self, struct ctx *ctx, const struct message_put *in,
                         message_put_done done, void *arg)
{
    struct records_adapter *records = self;
    struct put_task *t = arena_alloc(ctx->arena, sizeof *t);
    *t = (struct put_task){
        .task = {.run = run_put, .done = finish_put, .checks_first = true},
        .records = records,
        .in = in,
        .now_unix_ms = ctx->now_unix_ms,
        .done = done,
        .arg = arg,
    };
    store_submit(records->store, &t->task);
}
