#include "embedded/mail_queue.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/threads.h"
#include "embedded/codes.h"
#include "embedded/mail_sender.h"
#include "embedded/mail_text.h"

#include <stdatomic.h>
#include <string.h>

#define MS_PER_S INT64_C(1000)
#define MS_PER_HOUR (3600 * MS_PER_S)
#define MAIL_SEND_TIMEOUT_MS (60 * MS_PER_S)
#define MAIL_STORE_TIMEOUT_MS (30 * MS_PER_S)
/* Letters that arrive within a minute of a notice share the next one. */
#define MAIL_QUIET_MS (60 * MS_PER_S)
#define MAIL_IDLE_MS (60 * MS_PER_S)
#define MAIL_SOON_MS MS_PER_S
#define MAIL_RETRY_FIRST_MS (30 * MS_PER_S)
#define MAIL_RETRY_MAX_MS MS_PER_HOUR
#define MAIL_UNREACHABLE_FIRST_MS MS_PER_S
#define MAIL_UNREACHABLE_MAX_MS (300 * MS_PER_S)
#define MAIL_GIVE_UP_MS (5 * 24 * MS_PER_HOUR)
/* Nobody waits that long for a code: a new one is a click away. */
#define MAIL_CODE_GIVE_UP_MS (2 * MS_PER_HOUR)
#define NOTICES_BATCH 64

struct mail_queue {
    struct store *store;
    const struct mail_config *config;
    struct mail_sender *sender;
    struct lock lock;
    struct condition woken;
    bool wake;
    bool stop;
    atomic_bool soon; /* asked to look at soon_mono_ms */
    int64_t soon_mono_ms;
    /* only the thread uses these */
    unsigned failures_in_row; /* of the server itself */
    int64_t sent_id;          /* a mail that went out and could not be removed; 0: none */
    struct thread thread;
};

struct due_mail {
    int64_t id;
    enum mail_kind kind;
    struct uuid account_id;
    struct bytes email;
    int64_t letters;
    int64_t created_unix_ms;
    int64_t attempts;
};

/* What one look at the queue needs and finds. */
struct look {
    struct arena *arena;
    int64_t now_unix_ms;
    bool found;
    struct due_mail mail;
    int64_t next_unix_ms; /* when something will be due; INT64_MAX: nothing is queued */
    char code[CODE_DIGITS + 1];
};

enum err mail_queue_add(struct store_db *db, enum mail_kind kind, const struct uuid *account_id,
                        struct bytes email, int64_t now_unix_ms)
{
    sqlite3_stmt *s = store_statement(db, SQL_MAIL_ADD);
    store_bind_int(s, 1, kind);
    store_bind_uuid(s, 2, account_id);
    store_bind_text(s, 3, email);
    store_bind_int(s, 4, 0);
    store_bind_int(s, 5, now_unix_ms);
    return store_run(db, s);
}

/* --- inside transactions --- */

/* Turns one recipient's unannounced letters into a queued mail; *more tells whether there was one.
 */
static enum err collect_one(struct store_db *db, struct look *look, bool *more)
{
    sqlite3_stmt *s = store_statement(db, SQL_NOTICES_READY);
    store_bind_int(s, 1, look->now_unix_ms);
    enum err e = store_step(db, s, more);
    if (e != ERR_OK || !*more)
        return e;
    int64_t user_no = store_column_int(s, 0);
    int64_t letters = store_column_int(s, 1);
    struct uuid account_id = store_column_uuid(s, 2);
    struct bytes email = store_column_bytes(s, 3, look->arena);

    s = store_statement(db, SQL_NOTICES_TAKE);
    store_bind_int(s, 1, user_no);
    if ((e = store_run(db, s)) != ERR_OK)
        return e;
    s = store_statement(db, SQL_NOTICES_QUIET);
    store_bind_int(s, 1, user_no);
    store_bind_int(s, 2, look->now_unix_ms + MAIL_QUIET_MS);
    if ((e = store_run(db, s)) != ERR_OK)
        return e;
    s = store_statement(db, SQL_MAIL_ADD);
    store_bind_int(s, 1, MAIL_LETTERS);
    store_bind_uuid(s, 2, &account_id);
    store_bind_text(s, 3, email);
    store_bind_int(s, 4, letters);
    store_bind_int(s, 5, look->now_unix_ms);
    return store_run(db, s);
}

static enum err collect_notices(struct store_db *db, void *arg)
{
    struct look *look = arg;
    bool more = true;
    enum err e = ERR_OK;
    for (int i = 0; i < NOTICES_BATCH && more && e == ERR_OK; i++)
        e = collect_one(db, look, &more);
    if (e != ERR_OK)
        return e;
    sqlite3_stmt *s = store_statement(db, SQL_NOTICES_QUIET_OVER);
    store_bind_int(s, 1, look->now_unix_ms);
    return store_run(db, s);
}

/* The earlier of *next and the statement's single, possibly null, time. */
static enum err read_next(struct store_db *db, enum sql_id id, int64_t *next)
{
    sqlite3_stmt *s = store_statement(db, id);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK || !row)
        return e;
    if (sqlite3_column_type(s, 0) != SQLITE_NULL && store_column_int(s, 0) < *next)
        *next = store_column_int(s, 0);
    sqlite3_reset(s);
    return ERR_OK;
}

static enum err look_for_mail(struct store_db *db, void *arg)
{
    struct look *look = arg;
    sqlite3_stmt *s = store_statement(db, SQL_MAIL_DUE);
    store_bind_int(s, 1, look->now_unix_ms);
    enum err e = store_step(db, s, &look->found);
    if (e != ERR_OK)
        return e;
    if (look->found) {
        look->mail = (struct due_mail){
            .id = store_column_int(s, 0),
            .kind = (enum mail_kind)store_column_int(s, 1),
            .account_id = store_column_uuid(s, 2),
            .email = store_column_bytes(s, 3, look->arena),
            .letters = store_column_int(s, 4),
            .created_unix_ms = store_column_int(s, 5),
            .attempts = store_column_int(s, 6),
        };
        sqlite3_reset(s);
        return ERR_OK;
    }
    look->next_unix_ms = INT64_MAX;
    e = read_next(db, SQL_MAIL_NEXT, &look->next_unix_ms);
    return e == ERR_OK ? read_next(db, SQL_NOTICES_NEXT, &look->next_unix_ms) : e;
}

static enum err make_code(struct store_db *db, void *arg)
{
    struct look *look = arg;
    enum code_purpose purpose = look->mail.kind == MAIL_CONFIRM_CODE ? CODE_CONFIRM : CODE_RESET;
    return codes_issue(db, &look->mail.account_id, purpose, look->now_unix_ms, look->code);
}

static enum err remove_mail(struct store_db *db, void *arg)
{
    const struct look *look = arg;
    sqlite3_stmt *s = store_statement(db, SQL_MAIL_REMOVE);
    store_bind_int(s, 1, look->mail.id);
    return store_run(db, s);
}

static int64_t back_off_ms(int64_t first_ms, int64_t max_ms, int64_t failures)
{
    int64_t wait = first_ms;
    for (int64_t i = 0; i < failures && wait < max_ms; i++)
        wait *= 2;
    wait = wait < max_ms ? wait : max_ms;
    return wait / 2 + (int64_t)random_below((uint32_t)(wait / 2 + 1));
}

static enum err postpone_mail(struct store_db *db, void *arg)
{
    const struct look *look = arg;
    sqlite3_stmt *s = store_statement(db, SQL_MAIL_POSTPONE);
    store_bind_int(s, 1, look->mail.id);
    store_bind_int(s, 2,
                   look->now_unix_ms +
                       back_off_ms(MAIL_RETRY_FIRST_MS, MAIL_RETRY_MAX_MS, look->mail.attempts));
    return store_run(db, s);
}

/* Behind all that are due: a mail that makes the server hang up does not hold up the others. */
static enum err move_to_end(struct store_db *db, void *arg)
{
    const struct look *look = arg;
    sqlite3_stmt *s = store_statement(db, SQL_MAIL_TO_END);
    store_bind_int(s, 1, look->mail.id);
    store_bind_int(s, 2, look->now_unix_ms);
    return store_run(db, s);
}

/* --- the thread --- */

static bool is_code_kind(enum mail_kind kind)
{
    return kind == MAIL_CONFIRM_CODE || kind == MAIL_RESET_CODE;
}

static bool is_too_old(const struct look *look)
{
    int64_t limit = is_code_kind(look->mail.kind) ? MAIL_CODE_GIVE_UP_MS : MAIL_GIVE_UP_MS;
    return look->now_unix_ms - look->mail.created_unix_ms > limit;
}

/* Composes and sends the mail of look. */
static enum mail_outcome deliver(struct mail_queue *queue, struct ctx *ctx, struct look *look)
{
    if (is_code_kind(look->mail.kind)) {
        enum err e = store_write(queue->store, ctx, make_code, look);
        if (e == ERR_NOT_FOUND)
            return MAIL_REFUSED; /* the account is gone or needs no code any more */
        if (e != ERR_OK)
            return MAIL_UNREACHABLE;
    }
    struct mail mail = {
        .kind = look->mail.kind,
        .to = look->mail.email,
        .from = queue->config->from,
        .public_url = queue->config->public_url,
        .code = look->code,
        .letters = look->mail.letters,
        .now_unix_ms = look->now_unix_ms,
    };
    struct buffer message;
    buffer_init(&message, MAIL_TEXT_MAX_BYTES);
    enum mail_outcome outcome = MAIL_REFUSED;
    if (mail_text_write(&mail, &message) == ERR_OK)
        outcome = mail_sender_send(queue->sender, ctx, mail.to, buffer_bytes(&message));
    buffer_fini(&message);
    mem_cleanse(look->code, sizeof look->code);
    return outcome;
}

/* Notes the outcome in the queue. False when no mail can go now. */
static bool settle(struct mail_queue *queue, struct ctx *ctx, struct look *look,
                   enum mail_outcome outcome)
{
    bool gone = outcome == MAIL_SENT || outcome == MAIL_REFUSED || is_too_old(look);
    if (gone && outcome != MAIL_SENT)
        log_warning("mail_given_up", "account_mail=%lld kind=%d", (long long)look->mail.id,
                    (int)look->mail.kind);
    if (outcome == MAIL_UNREACHABLE && !gone) {
        queue->failures_in_row++;
        /* When this fails the same mail is tried again, no more. */
        (void)!store_write(queue->store, ctx, move_to_end, look);
        return false;
    }
    queue->failures_in_row = 0;
    enum err e = store_write(queue->store, ctx, gone ? remove_mail : postpone_mail, look);
    queue->sent_id = e != ERR_OK && outcome == MAIL_SENT ? look->mail.id : 0;
    return e == ERR_OK;
}

/* Sends one mail if one is due. Gives the milliseconds to wait before the next look; 0: look again
 * at once. */
static int64_t work(struct mail_queue *queue)
{
    struct arena arena;
    arena_init(&arena);
    struct ctx ctx;
    ctx_init(&ctx, &arena, MAIL_STORE_TIMEOUT_MS);
    struct look look = {.arena = &arena, .now_unix_ms = ctx.now_unix_ms};
    int64_t wait_ms = MAIL_UNREACHABLE_FIRST_MS;
    enum err e = store_read(queue->store, &ctx, look_for_mail, &look);
    if (e == ERR_OK && !look.found && look.next_unix_ms <= look.now_unix_ms) {
        /* Only notices are due: queue them, and look again. */
        if (store_write(queue->store, &ctx, collect_notices, &look) == ERR_OK)
            wait_ms = 0;
    } else if (e == ERR_OK && !look.found) {
        int64_t ahead = look.next_unix_ms - look.now_unix_ms;
        wait_ms = ahead < MAIL_IDLE_MS ? ahead : MAIL_IDLE_MS;
    } else if (e == ERR_OK) {
        ctx.deadline_mono_ms = clock_mono_ms() + MAIL_SEND_TIMEOUT_MS;
        enum mail_outcome outcome =
            look.mail.id == queue->sent_id ? MAIL_SENT : deliver(queue, &ctx, &look);
        ctx.deadline_mono_ms = clock_mono_ms() + MAIL_STORE_TIMEOUT_MS;
        bool go_on = settle(queue, &ctx, &look, outcome);
        wait_ms = go_on ? 0
                        : back_off_ms(MAIL_UNREACHABLE_FIRST_MS, MAIL_UNREACHABLE_MAX_MS,
                                      queue->failures_in_row);
    }
    arena_fini(&arena);
    return wait_ms;
}

/* Waits for a wake-up, the time, or the end. While the server is unreachable a wake-up for new mail
 * does not shorten the back-off. False at the end. */
static bool rest(struct mail_queue *queue, int64_t wait_ms)
{
    int64_t until = clock_mono_ms() + wait_ms;
    lock_acquire(&queue->lock);
    bool in_time = true;
    while (!queue->stop && in_time && !(queue->wake && queue->failures_in_row == 0)) {
        bool soon = atomic_load(&queue->soon) && queue->failures_in_row == 0;
        int64_t end = soon && queue->soon_mono_ms < until ? queue->soon_mono_ms : until;
        in_time = condition_wait(&queue->woken, &queue->lock, end);
    }
    queue->wake = false;
    atomic_store(&queue->soon, false);
    bool go_on = !queue->stop;
    lock_release(&queue->lock);
    return go_on;
}

/* --- from outside --- */

static enum err count_waiting(struct store_db *db, void *arg)
{
    struct mail_queue_state *out = arg;
    sqlite3_stmt *s = store_statement(db, SQL_MAIL_WAITING);
    bool row = false;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK || !row)
        return e;
    out->count = store_column_int(s, 0);
    out->oldest_age_ms = out->count > 0 ? clock_unix_ms() - store_column_int(s, 1) : 0;
    sqlite3_reset(s);
    return ERR_OK;
}

enum err mail_queue_look(struct store *store, struct ctx *ctx, struct mail_queue_state *out)
{
    *out = (struct mail_queue_state){0};
    return store_read(store, ctx, count_waiting, out);
}

static void queue_main(void *arg)
{
    struct mail_queue *queue = arg;
    while (rest(queue, work(queue)))
        continue;
}

enum err mail_queue_start(struct ctx *ctx, struct store *store, const struct mail_config *config,
                          struct mail_queue **out)
{
    struct mail_queue *queue = mem_alloc(sizeof *queue);
    queue->store = store;
    queue->config = config;
    enum err e = mail_sender_create(ctx, config, &queue->sender);
    if (e != ERR_OK) {
        mem_free(queue);
        return e;
    }
    lock_init(&queue->lock);
    condition_init(&queue->woken);
    thread_start(&queue->thread, "mail", queue_main, queue);
    *out = queue;
    return ERR_OK;
}

void mail_queue_wake(struct mail_queue *queue)
{
    lock_acquire(&queue->lock);
    queue->wake = true;
    condition_signal(&queue->woken);
    lock_release(&queue->lock);
}

void mail_queue_wake_soon(struct mail_queue *queue)
{
    if (atomic_exchange(&queue->soon, true))
        return;
    lock_acquire(&queue->lock);
    queue->soon_mono_ms = clock_mono_ms() + MAIL_SOON_MS;
    condition_signal(&queue->woken);
    lock_release(&queue->lock);
}

void mail_queue_stop(struct mail_queue *queue)
{
    if (queue == NULL)
        return;
    lock_acquire(&queue->lock);
    queue->stop = true;
    condition_signal(&queue->woken);
    lock_release(&queue->lock);
    mail_sender_cancel(queue->sender);
    thread_join(&queue->thread);
    mail_sender_destroy(queue->sender);
    condition_fini(&queue->woken);
    lock_fini(&queue->lock);
    mem_free(queue);
}
