#include "aws/s3/s3_call.h"

#include "aws/client/answers.h"

#include <stdio.h>
#include <string.h>

#define TAG_BYTES 40u

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

/* The index of text in b at or after from, or SIZE_MAX. */
static size_t find(struct bytes b, const char *text, size_t from)
{
    size_t n = strlen(text);
    for (size_t i = from; b.n >= n && i <= b.n - n; i++) {
        if (memcmp(b.p + i, text, n) == 0)
            return i;
    }
    return SIZE_MAX;
}

bool s3_xml_next(struct bytes *rest, const char *name, struct bytes *block)
{
    char tag[TAG_BYTES];
    (void)snprintf(tag, sizeof tag, "<%s>", name);
    size_t start = find(*rest, tag, 0);
    if (start == SIZE_MAX)
        return false;
    start += strlen(tag);
    (void)snprintf(tag, sizeof tag, "</%s>", name);
    size_t end = find(*rest, tag, start);
    if (end == SIZE_MAX)
        return false;
    *block = bytes_slice(*rest, start, end - start);
    *rest = bytes_slice(*rest, end + strlen(tag), rest->n);
    return true;
}
