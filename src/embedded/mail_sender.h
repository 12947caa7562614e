/* Where a composed mail goes: an SMTP server (RFC 5321, through libcurl), or a file in the outbox.
 */
#ifndef LETTERLOCK_EMBEDDED_MAIL_SENDER_H
#define LETTERLOCK_EMBEDDED_MAIL_SENDER_H

#include "base/bytes.h"
#include "base/ctx.h"
#include "embedded/mail_queue.h"

struct mail_sender;

/* What became of a mail. */
enum mail_outcome {
    MAIL_SENT,
    MAIL_REFUSED,     /* this mail will never be taken (a 5xx answer to its addresses or text) */
    MAIL_TRY_LATER,   /* this mail was put off (a 4xx answer) */
    MAIL_UNREACHABLE, /* the server cannot be used now: no mail can go */
};

/* Makes a sender for config, which outlives it. ERR_UNAVAILABLE when the outbox cannot be made. */
enum err mail_sender_create(struct ctx *ctx, const struct mail_config *config,
                            struct mail_sender **out) MUST_CHECK;
void mail_sender_destroy(struct mail_sender *sender);

/* Sends message (complete, CRLF) to one address within the deadline. Keeps the connection for the
 * next mail. Failures are logged without addresses. */
enum mail_outcome mail_sender_send(struct mail_sender *sender, struct ctx *ctx, struct bytes to,
                                   struct bytes message);

/* Makes a send that is under way on another thread give up soon. */
void mail_sender_cancel(struct mail_sender *sender);

#endif
