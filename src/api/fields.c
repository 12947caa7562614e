#include "api/fields.h"

struct fields fields_open(struct api_call *call)
{
    struct fields f = {.ctx = &call->ctx, .object = json_parse_object(call->body)};
    f.e = f.object == NULL ? ERR_INVALID_JSON : ERR_OK;
    return f;
}

void fields_close(struct fields *f)
{
    json_decref(f->object);
    f->object = NULL;
}

static bool is_there(const struct fields *f, const char *name)
{
    return f->e == ERR_OK && json_has(f->object, name);
}

struct bytes fields_optional_text(struct fields *f, const char *name, size_t max_bytes)
{
    struct bytes text = {0};
    if (!is_there(f, name))
        return text;
    if (!json_get_bytes(f->object, name, &text))
        f->e = ctx_fail(f->ctx, ERR_INVALID_FIELD, "%s must be a string.", name);
    else if (text.n > max_bytes)
        f->e = ctx_fail(f->ctx, ERR_INVALID_FIELD, "%s has more than %zu bytes.", name, max_bytes);
    return f->e == ERR_OK ? text : (struct bytes){0};
}

struct bytes fields_text(struct fields *f, const char *name, size_t max_bytes)
{
    struct bytes text = fields_optional_text(f, name, max_bytes);
    if (f->e != ERR_OK)
        return text;
    if (!json_has(f->object, name))
        f->e = ctx_fail(f->ctx, ERR_MISSING_FIELD, "%s is missing.", name);
    else if (text.n == 0)
        f->e = ctx_fail(f->ctx, ERR_INVALID_FIELD, "%s is empty.", name);
    return text;
}

int64_t fields_optional_int(struct fields *f, const char *name, int64_t min, int64_t max,
                            int64_t absent)
{
    int64_t value = absent;
    if (is_there(f, name) && (!json_get_int(f->object, name, &value) || value < min || value > max))
        f->e = ctx_fail(f->ctx, ERR_INVALID_FIELD, "%s must be an integer from %lld to %lld.", name,
                        (long long)min, (long long)max);
    return f->e == ERR_OK ? value : absent;
}

bool fields_optional_bool(struct fields *f, const char *name, bool absent)
{
    if (!is_there(f, name))
        return absent;
    const json_t *value = json_object_get(f->object, name);
    if (!json_is_boolean(value))
        f->e = ctx_fail(f->ctx, ERR_INVALID_FIELD, "%s must be true or false.", name);
    return json_is_true(value);
}
