#include "aws/sns/sns_notices.h"

#include "aws/client/answers.h"
#include "aws/sns/notice_queue.h"
#include "aws/sns/sns_call.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/threads.h"

#include <string.h>

#define FORM_MAX_BYTES 8192u
#define SEND_TIMEOUT_MS 20000
#define DRAIN_TIMEOUT_MS 5000
#define SUBJECT "A letter is waiting for you"

enum medium { MEDIUM_NONE, MEDIUM_SNS, MEDIUM_SES };

struct sns_notices {
    struct aws_client *client;
    const struct aws_config *config;
    enum medium medium;
    struct notice_queue *queue;
    struct thread thread;
};

/* --- topics --- */

static bool is_topic(const char *reference)
{
    return strncmp(reference, "arn:", 4) == 0;
}

static enum err create_topic(struct sns_notices *n, struct ctx *ctx, const struct uuid *user_id,
                             const char **arn)
{
    struct buffer form;
    struct aws_answer answer;
    struct bytes text;
    char id[UUID_TEXT_BYTES];
    uuid_format(user_id, id);
    const char *name = arena_printf(ctx->arena, "%s%s", n->config->topic_prefix, id);
    buffer_init(&form, FORM_MAX_BYTES);
    sns_form_begin(&form, "CreateTopic");
    sns_form_add(&form, "Name", bytes_of_str(name));
    enum err e = sns_send(n->client, ctx, "CreateTopic", &form, &answer);
    buffer_fini(&form);
    if (e != ERR_OK)
        return e;
    if (!answers_xml_text(ctx->arena, answer.body, "TopicArn", &text))
        return ctx_log_fail(ctx, ERR_UNAVAILABLE, "sns_topic", "%s", "what=\"no ARN\"");
    *arn = arena_str(ctx->arena, text);
    return ERR_OK;
}

/* AWS mails the address a link; nothing is delivered before it is followed. */
static enum err subscribe(struct sns_notices *n, struct ctx *ctx, const char *arn,
                          struct bytes email)
{
    struct buffer form;
    struct aws_answer answer;
    buffer_init(&form, FORM_MAX_BYTES);
    sns_form_begin(&form, "Subscribe");
    sns_form_add(&form, "TopicArn", bytes_of_str(arn));
    sns_form_add(&form, "Protocol", BYTES_LIT("email"));
    sns_form_add(&form, "Endpoint", email);
    enum err e = sns_send(n->client, ctx, "Subscribe", &form, &answer);
    buffer_fini(&form);
    return e;
}

/* CreateTopic and Subscribe give what there is when they are repeated. */
static enum err provision(void *self, struct ctx *ctx, const struct uuid *user_id,
                          struct bytes email, const char **reference)
{
    struct sns_notices *n = self;
    *reference = n->medium == MEDIUM_SES ? "ses" : "none";
    if (n->medium != MEDIUM_SNS)
        return ERR_OK;
    enum err e = create_topic(n, ctx, user_id, reference);
    return e == ERR_OK ? subscribe(n, ctx, *reference, email) : e;
}

/* The ARN that the topic of a user has if there is one; NULL when the account is not known. */
static const char *expected_arn(const struct sns_notices *n, struct arena *arena,
                                const struct uuid *user_id)
{
    const struct aws_config *config = n->config;
    const char *partition = strncmp(config->region, "cn-", 3) == 0       ? "aws-cn"
                            : strncmp(config->region, "us-gov-", 7) == 0 ? "aws-us-gov"
                                                                         : "aws";
    char id[UUID_TEXT_BYTES];
    uuid_format(user_id, id);
    return config->account[0] == '\0'
               ? NULL
               : arena_printf(arena, "arn:%s:sns:%s:%s:%s%s", partition, config->region,
                              config->account, config->topic_prefix, id);
}

/* Provisioning that broke off left a topic that no record refers to. */
static enum err destroy_topic(void *self, struct ctx *ctx, const struct uuid *user_id,
                              const char *reference)
{
    struct sns_notices *n = self;
    struct buffer form;
    struct aws_answer answer;
    const char *arn = reference;
    if (!is_topic(reference))
        arn = n->medium == MEDIUM_SNS ? expected_arn(n, ctx->arena, user_id) : NULL;
    if (arn == NULL)
        return ERR_OK;
    buffer_init(&form, FORM_MAX_BYTES);
    sns_form_begin(&form, "DeleteTopic"); /* its subscriptions go with it */
    sns_form_add(&form, "TopicArn", bytes_of_str(arn));
    enum err e = sns_send(n->client, ctx, "DeleteTopic", &form, &answer);
    buffer_fini(&form);
    return e;
}

/* --- sending --- */

static const char *message_of(const struct sns_notices *n, struct arena *arena)
{
    return arena_printf(arena,
                        "A letter is waiting for you at %s\n\n"
                        "What it says, and who wrote it, you see when you sign in.\n",
                        n->config->public_url);
}

static enum err publish(struct sns_notices *n, struct ctx *ctx, const char *topic)
{
    struct buffer form;
    struct aws_answer answer;
    buffer_init(&form, FORM_MAX_BYTES);
    sns_form_begin(&form, "Publish");
    sns_form_add(&form, "TopicArn", bytes_of_str(topic));
    sns_form_add(&form, "Subject", BYTES_LIT(SUBJECT));
    sns_form_add(&form, "Message", bytes_of_str(message_of(n, ctx->arena)));
    enum err e = sns_send(n->client, ctx, "Publish", &form, &answer);
    buffer_fini(&form);
    return e;
}

/* SES API v2, SendEmail. */
static enum err send_mail(struct sns_notices *n, struct ctx *ctx, const char *address)
{
    struct buffer body;
    struct aws_answer answer;
    json_t *document =
        json_pack("{s:s,s:{s:[s]},s:{s:{s:{s:s},s:{s:{s:s}}}}}", "FromEmailAddress",
                  n->config->mail_from, "Destination", "ToAddresses", address, "Content", "Simple",
                  "Subject", "Data", SUBJECT, "Body", "Text", "Data", message_of(n, ctx->arena));
    buffer_init(&body, FORM_MAX_BYTES);
    json_write(&body, document);
    json_decref(document);
    const struct aws_call call = {
        .service = AWS_SES,
        .operation = "SendEmail",
        .method = "POST",
        .path = "/v2/email/outbound-emails",
        .query = "",
        .headers = {{"content-type", "application/json"}},
        .header_count = 1,
        .body = buffer_bytes(&body),
        .repeatable = true, /* two mails are better than none */
    };
    enum err e = aws_client_call(n->client, ctx, &call, &answer);
    buffer_fini(&body);
    return e == ERR_OK ? aws_answer_error(ctx, &call, &answer) : e;
}

static void deliver(struct sns_notices *n, struct ctx *ctx, const struct notice *notice)
{
    enum err e = n->medium == MEDIUM_SES ? send_mail(n, ctx, notice->target)
                                         : publish(n, ctx, notice->target);
    /* What was refused will be refused again: a topic that is gone, an address that is none. */
    notice_queue_done(n->queue, notice, e == ERR_OK || e == ERR_INTERNAL);
}

static void run(void *arg)
{
    struct sns_notices *n = arg;
    struct notice notice;
    while (notice_queue_take(n->queue, &notice)) {
        struct arena arena;
        struct ctx ctx;
        arena_init(&arena);
        ctx_init(&ctx, &arena, SEND_TIMEOUT_MS);
        deliver(n, &ctx, &notice);
        arena_fini(&arena);
    }
}

static void letter_arrived(void *self, const struct user_record *recipient)
{
    struct sns_notices *n = self;
    if (n->medium == MEDIUM_SES)
        notice_queue_add(n->queue, &recipient->id, recipient->email);
    if (n->medium == MEDIUM_SNS && is_topic(recipient->topic_reference))
        notice_queue_add(n->queue, &recipient->id, recipient->topic_reference);
}

void sns_notices_flush(struct sns_notices *n, struct ctx *ctx)
{
    struct notice notice;
    while (ctx_left_ms(ctx) > 0 && notice_queue_take_now(n->queue, clock_mono_ms(), &notice))
        deliver(n, ctx, &notice);
    notice_queue_settle(n->queue, ctx->deadline_mono_ms);
}

/* Nobody sends later what is left now: also what would have waited for its minute. */
static void drain(struct sns_notices *n)
{
    struct notice notice;
    struct arena arena;
    struct ctx ctx;
    arena_init(&arena);
    ctx_init(&ctx, &arena, DRAIN_TIMEOUT_MS);
    while (ctx_left_ms(&ctx) > 0 && notice_queue_take_now(n->queue, INT64_MAX, &notice))
        deliver(n, &ctx, &notice);
    arena_fini(&arena);
}

/* --- the adapter --- */

struct sns_notices *sns_notices_create(struct aws_client *client)
{
    struct sns_notices *n = mem_alloc(sizeof *n);
    n->client = client;
    n->config = aws_client_config(client);
    n->medium = strcmp(n->config->notices, "sns") == 0   ? MEDIUM_SNS
                : strcmp(n->config->notices, "ses") == 0 ? MEDIUM_SES
                                                         : MEDIUM_NONE;
    n->queue = notice_queue_create();
    if (n->medium != MEDIUM_NONE)
        thread_start(&n->thread, "notices", run, n);
    return n;
}

struct notices sns_notices_port(struct sns_notices *n)
{
    return (struct notices){
        .self = n,
        .provision = provision,
        .letter_arrived = letter_arrived,
        .destroy = destroy_topic,
    };
}

void sns_notices_destroy(struct sns_notices *n)
{
    if (n == NULL)
        return;
    notice_queue_end(n->queue);
    thread_join(&n->thread);
    drain(n);
    notice_queue_destroy(n->queue);
    mem_free(n);
}
