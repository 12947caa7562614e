#include "lambda/lambda_trigger.h"

#define CONFIRMATION "PostConfirmation_"

bool lambda_trigger_is(const json_t *event)
{
    return json_is_string(json_object_get(event, "triggerSource"));
}

/* A member that is text without a NUL: it becomes a C string. */
static bool get_text(const json_t *object, const char *name, struct bytes *out)
{
    return json_get_bytes(object, name, out) && bytes_find(*out, '\0', 0) == SIZE_MAX;
}

static enum err confirm(const struct lambda_config *config, struct ctx *ctx, const json_t *event)
{
    const json_t *attributes = json_object_get(json_object_get(event, "request"), "userAttributes");
    struct bytes username;
    struct bytes sub;
    struct bytes email = {0};
    struct uuid id;
    if (!get_text(event, "userName", &username) || username.n == 0 ||
        !get_text(attributes, "sub", &sub) || !uuid_parse(sub, &id) ||
        (json_has(attributes, "email") && !get_text(attributes, "email", &email)))
        return ERR_INVALID_REQUEST;
    return config->confirmed(config->arg, ctx, &id, username, email);
}

enum err lambda_trigger_serve(const struct lambda_config *config, struct ctx *ctx,
                              const json_t *event, struct buffer *out)
{
    struct bytes source;
    enum err e = ERR_OK;
    if (!json_get_bytes(event, "triggerSource", &source) ||
        !bytes_starts_with(source, BYTES_LIT(CONFIRMATION)))
        return ERR_INVALID_REQUEST;
    if (bytes_equal(source, BYTES_LIT(CONFIRMATION "ConfirmSignUp")))
        e = confirm(config, ctx, event);
    if (e == ERR_OK)
        json_write(out, event);
    return e;
}
