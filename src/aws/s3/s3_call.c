#include "aws/s3/s3_call.h"

#include <stdio.h>

void s3_path(const struct uuid *id, char out[S3_PATH_BYTES])
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    (void)snprintf(out, S3_PATH_BYTES, "/" S3_PREFIX "%s", text);
}

void s3_call_init(struct s3_call *s, struct ctx *ctx, const char *operation, const char *method,
                  const char *path, const char *query)
{
    arena_init(&s->arena);
    s->ctx = *ctx;
    s->ctx.arena = &s->arena;
    s->call = (struct aws_call){
        .service = AWS_S3,
        .operation = operation,
        .method = method,
        .path = path,
        .query = query,
        .repeatable = true,
    };
    s->answer = (struct aws_answer){.message = ""};
}

void s3_call_fini(struct s3_call *s)
{
    arena_fini(&s->arena);
}

void s3_call_header(struct s3_call *s, const char *name, const char *value)
{
    if (s->call.header_count < AWS_CALL_HEADERS_MAX)
        s->call.headers[s->call.header_count++] = (struct aws_header){name, value};
}

enum err s3_call_send(struct s3_call *s, struct aws_client *client)
{
    return aws_client_call(client, &s->ctx, &s->call, &s->answer);
}

enum err s3_call_check(struct s3_call *s)
{
    return aws_answer_error(&s->ctx, &s->call, &s->answer);
}

enum err s3_call_take(struct s3_call *s, size_t n, struct buffer *out)
{
    if (s->answer.status == 404)
        return ERR_NOT_FOUND;
    enum err e = s3_call_check(s);
    if (e == ERR_OK && s->answer.body.n != n)
        e = ctx_log_fail(&s->ctx, ERR_UNAVAILABLE, "s3_short_read", "wanted=%zu got=%zu", n,
                         s->answer.body.n);
    if (e == ERR_OK)
        buffer_append(out, s->answer.body);
    return e;
}

enum err s3_remove(struct aws_client *client, struct ctx *ctx, const char *path)
{
    struct s3_call s;
    s3_call_init(&s, ctx, "DeleteObject", "DELETE", path, NULL);
    enum err e = s3_call_send(&s, client);
    if (e == ERR_OK && s.answer.status != 404)
        e = s3_call_check(&s);
    s3_call_fini(&s);
    return e;
}
