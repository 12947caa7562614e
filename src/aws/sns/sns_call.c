#include "aws/sns/sns_call.h"

#include "aws/client/signer.h"

#define VERSION "2010-03-31"

void sns_form_begin(struct buffer *form, const char *action)
{
    buffer_printf(form, "Action=%s&Version=" VERSION, action);
}

void sns_form_add(struct buffer *form, const char *name, struct bytes value)
{
    buffer_printf(form, "&%s=", name);
    signer_encode(form, value, false);
}

enum err sns_send(struct aws_client *client, struct ctx *ctx, const char *action,
                  const struct buffer *form, struct aws_answer *answer)
{
    const struct aws_call call = {
        .service = AWS_SNS,
        .operation = action,
        .method = "POST",
        .path = "/",
        .query = "",
        .headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
        .header_count = 1,
        .body = buffer_bytes(form),
        .repeatable = true,
    };
    if (!buffer_ok(form))
        return ERR_BODY_TOO_LARGE;
    enum err e = aws_client_call(client, ctx, &call, answer);
    return e == ERR_OK ? aws_answer_error(ctx, &call, answer) : e;
}
