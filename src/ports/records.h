/* The records port: users as others see them, and letters' metadata with their headers. Embedded:
 * SQLite. AWS: DynamoDB.
 *
 * Contract for every adapter (tests/unit/embedded holds the suite):
 *  - Thread-safe. Results live in ctx->arena.
 *  - Every access to a message states the actor (ctx->actor) and finds nothing that is not theirs.
 *  - What a completed call reported survives a power cut.
 *  - Lists are newest first, paged by opaque cursors; a cursor that this list did not give is
 *    ERR_INVALID_CURSOR.
 *  - The unread index is sparse: marking a letter read removes it, so counts cannot drift. */
#ifndef LETTERLOCK_PORTS_RECORDS_H
#define LETTERLOCK_PORTS_RECORDS_H

#include "base/checksum.h"
#include "base/ctx.h"
#include "base/uuid.h"
#include "ports/actor.h"
#include "ports/keys.h"

#define RECORDS_CURSOR_BYTES 256u
#define RECORDS_IDEMPOTENCY_KEY_BYTES 64u
#define RECORDS_PAGE_MAX 200u

enum user_state { USER_PROVISIONING, USER_READY, USER_DISABLED };

struct user_record {
    struct uuid id;
    const char *username;
    const char *email;
    char key_reference[KEY_REFERENCE_BYTES];
    const char *topic_reference; /* "" until provisioned */
    enum user_state state;
    int64_t created_unix_ms;
    int64_t quota_bytes; /* of letters kept for the user; 0: the server's default */
};

struct message_record {
    struct uuid id;
    struct uuid sender_id;
    struct uuid recipient_id;
    const char *sender_username; /* filled in by reads; "" for an erased account */
    const char *recipient_username;
    int64_t sent_unix_ms;
    int64_t read_unix_ms;    /* 0 while unread */
    int64_t expires_unix_ms; /* 0: never */
    uint64_t size;           /* plaintext bytes N of the sealed message */
    uint64_t sealed_size;    /* header and frames */
    bool sender_can_open;
    bool sender_verified;
    bool inline_frames;               /* frames are in the record itself, not in the object store */
    uint8_t checksum[CHECKSUM_BYTES]; /* of the frames and then the header; key: message id */
    struct bytes header;              /* only when asked for */
    struct bytes frames;              /* only when asked for, and inline */
};

/* A letter to be stored. It, everything it points to, and the context's arena must live until done
 * is called. */
struct message_put {
    struct message_record record; /* header set; frames set when inline_frames */
    struct bytes idempotency_key; /* empty, or 1..RECORDS_IDEMPOTENCY_KEY_BYTES bytes */
    uint8_t fingerprint[32];      /* of what the client asked for, to tell a retry from another
                                     letter under the same key */
    int64_t quota_bytes;          /* ceiling for the recipient's usage after this letter */
    const char *recipient_key;    /* reference of the recipient's key before the letter was sealed,
                                     or NULL: a put after that key was lost is refused */
    bool sealed_by_client;
};

/* What became of a put. e is ERR_OK, ERR_QUOTA_EXCEEDED, ERR_IDEMPOTENCY_MISMATCH, ERR_CONFLICT
 * (the id exists), ERR_UNKNOWN_RECIPIENT (erased meanwhile), ERR_UNAVAILABLE (the recipient's key
 * was lost meanwhile: seal anew) or another server error. */
struct message_put_result {
    enum err e;
    bool duplicate;               /* the key was used for this same letter before … */
    struct message_record stored; /* … which is this one (usernames not filled in) */
};

/* Called once per put: from another thread, or before put returns. Must be short and never block.
 */
typedef void (*message_put_done)(void *arg, const struct message_put_result *result);

enum message_box { BOX_ANY, BOX_INBOX, BOX_SENT };

struct message_query {
    enum message_box box;
    bool unread_only;
    const struct uuid *with; /* only letters between the actor and this user, or NULL */
    size_t limit;            /* 1..RECORDS_PAGE_MAX */
    struct bytes cursor;     /* empty: from the newest */
};

struct message_page {
    struct message_record *items; /* without header and frames */
    size_t count;
    const char *next_cursor; /* NULL at the end */
};

struct unread_sender {
    struct uuid id;
    const char *username;
    uint64_t count;
    int64_t latest_unix_ms;
};

struct unread_summary {
    uint64_t count;
    struct unread_sender *senders; /* latest first, at most RECORDS_PAGE_MAX */
    size_t sender_count;
};

struct user_page {
    struct user_record *items; /* by username; without e-mail addresses */
    size_t count;
    const char *next_cursor;
};

struct records {
    void *self;
    bool nonblocking;        /* reads and message_put never wait: they may run on a loop thread */
    bool shared;             /* other servers write here too: live events ask what came */
    size_t inline_max_bytes; /* frames up to this size go into the record; 0: none do */

    /* Creates the user's record, or completes it (idempotent by id): an empty e-mail address,
     * key_reference or topic_reference and a quota of 0 leave the stored one as it is, and
     * created_unix_ms never changes. ERR_CONFLICT when another user has the name or this one was
     * erased. */
    enum err (*user_put)(void *self, struct ctx *ctx, const struct user_record *user) MUST_CHECK;

    /* ERR_NOT_FOUND. Names are lower-case. */
    enum err (*user_by_id)(void *self, struct ctx *ctx, const struct uuid *id,
                           struct user_record *out) MUST_CHECK;
    enum err (*user_by_name)(void *self, struct ctx *ctx, struct bytes username,
                             struct user_record *out) MUST_CHECK;

    /* Sealed bytes kept for the user now. ERR_NOT_FOUND. Apart from the record, which every letter
     * would change otherwise: adapters cache records. */
    enum err (*user_usage)(void *self, struct ctx *ctx, const struct uuid *id,
                           int64_t *used_bytes) MUST_CHECK;

    /* Ready users whose name starts with prefix, without the actor, by name. */
    enum err (*users_list)(void *self, struct ctx *ctx, struct bytes prefix, size_t limit,
                           struct bytes cursor, struct user_page *out) MUST_CHECK;

    /* Erases the user, all letters sent to the user, and the user's name from letters sent. The ids
     * of letters with objects to remove come back in batches: call again until *count is 0. */
    enum err (*user_erase)(void *self, struct ctx *ctx, const struct uuid *user_id,
                           struct uuid **object_ids, size_t *count) MUST_CHECK;

    /* Stores a letter (create-only), atomically with the recipient's usage, the idempotency key and
     * what the notices port needs to know. The outcome goes to done. */
    void (*message_put)(void *self, struct ctx *ctx, const struct message_put *in,
                        message_put_done done, void *arg);

    /* One letter of the actor's (sender or recipient), with header and inline frames if asked.
     * ERR_NOT_FOUND for everyone else and for expired ones. */
    enum err (*message_get)(void *self, struct ctx *ctx, const struct uuid *id, bool with_payload,
                            struct message_record *out) MUST_CHECK;

    enum err (*messages_list)(void *self, struct ctx *ctx, const struct message_query *query,
                              struct message_page *out) MUST_CHECK;

    /* Letters to the actor stored at or after since_unix_ms, oldest first, at most limit; for
     * resuming event streams. */
    enum err (*messages_since)(void *self, struct ctx *ctx, int64_t since_unix_ms, size_t limit,
                               struct message_page *out) MUST_CHECK;

    enum err (*unread)(void *self, struct ctx *ctx, struct unread_summary *out) MUST_CHECK;

    /* Marks a letter read by its recipient (the actor) at ctx->now_unix_ms; *changed tells the
     * first time. ERR_NOT_FOUND. */
    enum err (*message_mark_read)(void *self, struct ctx *ctx, const struct uuid *id,
                                  struct message_record *out, bool *changed) MUST_CHECK;

    /* Deletes a letter: its recipient always, its sender while it is unread (ERR_ALREADY_READ).
     * out tells whether an object is to be removed. */
    enum err (*message_delete)(void *self, struct ctx *ctx, const struct uuid *id,
                               struct message_record *out) MUST_CHECK;

    /* Deletes at most limit letters that expired before ctx->now_unix_ms; gives the ids whose
     * objects are to be removed, and how many were deleted. Forgets idempotency keys that are older
     * than a day, too. */
    enum err (*messages_expire)(void *self, struct ctx *ctx, size_t limit, struct uuid **object_ids,
                                size_t *object_count, size_t *deleted) MUST_CHECK;

    /* True in *exists when a letter of that id is stored; for the orphan sweep. No actor. */
    enum err (*message_exists)(void *self, struct ctx *ctx, const struct uuid *id,
                               bool *exists) MUST_CHECK;

    /* Cheap readiness check. */
    enum err (*ping)(void *self, struct ctx *ctx) MUST_CHECK;
};

#endif
