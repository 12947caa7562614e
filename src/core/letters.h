/* Letters as a whole: finding, marking read, deleting. Sending is letter_send.h, opening
 * letter_reader.h. Everything here acts as ctx->actor, and nothing that is not the actor's is
 * ever found. */
#ifndef LETTERLOCK_CORE_LETTERS_H
#define LETTERLOCK_CORE_LETTERS_H

#include "core/core.h"

struct letters_filter {
    enum message_box box;
    bool unread_only;
    struct bytes with;   /* username or id of the other side, or empty */
    size_t limit;        /* 1..RECORDS_PAGE_MAX */
    struct bytes cursor; /* empty: from the newest */
};

/* One page of the actor's letters, newest first. ERR_INVALID_CURSOR; ERR_INVALID_FIELD when
 * nobody is called `with`. */
enum err letters_list(struct core *core, struct ctx *ctx, const struct letters_filter *filter,
                      struct message_page *out) MUST_CHECK;

/* A letter's metadata. ERR_NOT_FOUND. */
enum err letters_get(struct core *core, struct ctx *ctx, const struct uuid *id,
                     struct message_record *out) MUST_CHECK;

/* Letters to the actor stored at or after since_unix_ms, oldest first, for resuming streams. */
enum err letters_since(struct core *core, struct ctx *ctx, int64_t since_unix_ms,
                       struct message_page *out) MUST_CHECK;

/* Marks a letter read; repeating it changes nothing. Recipient only, else ERR_NOT_FOUND. Tells the
 * sender, and the recipient's other sessions. */
enum err letters_mark_read(struct core *core, struct ctx *ctx, const struct uuid *id) MUST_CHECK;

/* Erases a letter for both sides: its recipient always, its sender while it is unread
 * (ERR_ALREADY_READ). */
enum err letters_delete(struct core *core, struct ctx *ctx, const struct uuid *id) MUST_CHECK;

/* The time before which letters sealed to the actor's key cannot be opened any more; 0: none. */
enum err letters_lost_before(struct core *core, struct ctx *ctx, int64_t *unix_ms) MUST_CHECK;

/* True when the key of the user (one of the letter's sides) opens the letter. lost_before_unix_ms
 * is the user's own. */
bool letters_can_open(const struct message_record *letter, const struct uuid *user_id,
                      int64_t lost_before_unix_ms);

/* The letters' part of core_sweep: expired letters and, once an hour because every object is looked
 * at, orphaned objects. Logs what it did. One thread at a time. */
void letters_sweep(struct core *core, struct ctx *ctx);

#endif
