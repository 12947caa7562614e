#include "embedded/notices.h"

static enum err provision(void *self, struct ctx *ctx, const struct uuid *user_id,
                          struct bytes email, const char **reference)
{
    (void)self;
    (void)user_id;
    *reference = arena_printf(ctx->arena, "mailto:%.*s", BYTES_FMT(email));
    return ERR_OK;
}

static void letter_arrived(void *self, const struct user_record *recipient)
{
    (void)recipient;
    mail_queue_wake_soon(self);
}

static enum err destroy(void *self, struct ctx *ctx, const struct uuid *user_id,
                        const char *reference)
{
    (void)self;
    (void)ctx;
    (void)user_id;
    (void)reference;
    return ERR_OK; /* the address goes with the user's record */
}

struct notices notices_by_mail(struct mail_queue *queue)
{
    return (struct notices){
        .self = queue,
        .provision = provision,
        .letter_arrived = letter_arrived,
        .destroy = destroy,
    };
}
