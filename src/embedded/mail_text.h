/* The texts of our mails, as Internet messages (RFC 5322, RFC 2045). No mail names a sender, a file
 * or a content. */
#ifndef LETTERLOCK_EMBEDDED_MAIL_TEXT_H
#define LETTERLOCK_EMBEDDED_MAIL_TEXT_H

#include "base/buffer.h"
#include "embedded/mail_queue.h"

#define MAIL_TEXT_MAX_BYTES 8192u

struct mail {
    enum mail_kind kind;
    struct bytes to;        /* address */
    const char *from;       /* address */
    const char *public_url; /* for links */
    const char *code;       /* for the code kinds, else NULL */
    int64_t letters;        /* for MAIL_LETTERS: how many wait unannounced */
    int64_t now_unix_ms;
};

/* Appends the whole message, with CRLF line ends and a fresh Message-ID, to out.
 * ERR_INVALID_EMAIL when an address could break out of its header line. */
enum err mail_text_write(const struct mail *mail, struct buffer *out) MUST_CHECK;

#endif
