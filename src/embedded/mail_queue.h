/* The durable queue of outgoing mail and the thread that empties it. A row says what to tell whom;
 * codes are made at delivery (codes.h), so no secret rests in it. Delivery is by SMTP, or as .eml
 * files in the outbox; failures are retried with back-off, for days if need be. */
#ifndef LETTERLOCK_EMBEDDED_MAIL_QUEUE_H
#define LETTERLOCK_EMBEDDED_MAIL_QUEUE_H

#include "embedded/store.h"

struct mail_queue;

enum mail_kind {
    MAIL_CONFIRM_CODE = 1,  /* a code to confirm the address */
    MAIL_RESET_CODE = 2,    /* a code to set a new password */
    MAIL_ADDRESS_TAKEN = 3, /* someone tried to sign up with your address */
    MAIL_PASSWORD_CHANGED = 4,
    MAIL_LETTERS = 5, /* letters wait (digest); queued by the records adapter's own statement */
    MAIL_TOTP_ON = 6, /* the second factor was turned on */
    MAIL_TOTP_OFF = 7,
};

struct mail_config {
    const char *smtp_url;  /* smtp://host:587, smtps://host:465, or "" for the outbox */
    const char *smtp_user; /* "" for none */
    const char *smtp_password;
    const char *smtp_ca_file; /* PEM file of further authorities, or "" */
    bool smtp_require_tls;    /* STARTTLS must succeed (smtp:// to other than loopback) */
    const char *from;         /* address */
    const char *outbox_dir;   /* for .eml files */
    const char *public_url;   /* for links */
};

/* Inside a write task: queues one mail of that kind for the account, sent to email. */
enum err mail_queue_add(struct store_db *db, enum mail_kind kind, const struct uuid *account_id,
                        struct bytes email, int64_t now_unix_ms) MUST_CHECK;

/* Starts the delivery thread. config's strings must outlive it. */
enum err mail_queue_start(struct ctx *ctx, struct store *store, const struct mail_config *config,
                          struct mail_queue **out) MUST_CHECK;

/* Tells the thread that a mail was queued. Never blocks. */
void mail_queue_wake(struct mail_queue *queue);

/* The same for a notice of a letter, of which there may be thousands a second: the thread looks
 * within a second, and calls until then cost next to nothing. Never blocks. */
void mail_queue_wake_soon(struct mail_queue *queue);

struct mail_queue_state {
    int64_t count;
    int64_t oldest_age_ms; /* of the mail that has waited longest; 0 when none waits */
};

/* Looks what waits to be sent. */
enum err mail_queue_look(struct store *store, struct ctx *ctx,
                         struct mail_queue_state *out) MUST_CHECK;

/* Ends the thread within a few seconds; what is queued stays. queue may be NULL. */
void mail_queue_stop(struct mail_queue *queue);

#endif
