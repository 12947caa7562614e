#include "core/people.h"

#include "base/digest.h"

enum err people_list(struct core *core, struct ctx *ctx, struct bytes prefix, size_t limit,
                     struct bytes cursor, struct user_page *out)
{
    *out = (struct user_page){0};
    /* No name is longer, so nothing starts with it. */
    if (prefix.n > USERNAME_MAX_BYTES)
        return ERR_OK;
    uint8_t lower[USERNAME_MAX_BYTES];
    for (size_t i = 0; i < prefix.n; i++) {
        bool upper = prefix.p[i] >= 'A' && prefix.p[i] <= 'Z';
        lower[i] = (uint8_t)(upper ? prefix.p[i] - 'A' + 'a' : prefix.p[i]);
    }
    const struct records *records = &core->ports->records;
    return records->users_list(records->self, ctx, bytes_of(lower, prefix.n), limit, cursor, out);
}

enum err people_get(struct core *core, struct ctx *ctx, const struct uuid *id, struct person *out)
{
    const struct records *records = &core->ports->records;
    enum err e = records->user_by_id(records->self, ctx, id, &out->user);
    if (e != ERR_OK)
        return e;
    if (out->user.state != USER_READY)
        return ERR_NOT_FOUND;
    const struct keys *keys = &core->ports->keys;
    e = keys->describe(keys->self, ctx, id, &out->key);
    if (e != ERR_OK)
        return e;
    struct bytes key = out->key.has_point ? bytes_of(out->key.point, sizeof out->key.point)
                                          : bytes_of_str(out->key.reference);
    digest_sha256(key, out->fingerprint);
    return ERR_OK;
}
