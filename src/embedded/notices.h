/* The notices port by e-mail: the user's address is the topic, and records.c queues each notice in
 * the letter's own transaction (table notices_due). */
#ifndef LETTERLOCK_EMBEDDED_NOTICES_H
#define LETTERLOCK_EMBEDDED_NOTICES_H

#include "embedded/mail_queue.h"
#include "ports/notices.h"

/* The port over a running queue, which outlives it. */
struct notices notices_by_mail(struct mail_queue *queue);

#endif
