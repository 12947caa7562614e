#include "core/recipients.h"

static enum err find_by_name(struct core *core, struct ctx *ctx, struct bytes name,
                             struct user_record *out)
{
    char lower[USERNAME_MAX_BYTES];
    if (name.n == 0 || name.n > sizeof lower)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < name.n; i++) {
        bool upper = name.p[i] >= 'A' && name.p[i] <= 'Z';
        lower[i] = (char)(upper ? name.p[i] - 'A' + 'a' : name.p[i]);
    }
    const struct records *records = &core->ports->records;
    return records->user_by_name(records->self, ctx, bytes_of(lower, name.n), out);
}

static enum err unknown(enum err e)
{
    return e == ERR_NOT_FOUND ? ERR_UNKNOWN_RECIPIENT : e;
}

enum err recipients_find(struct core *core, struct ctx *ctx, struct bytes name_or_id,
                         struct user_record *out)
{
    const struct records *records = &core->ports->records;
    struct uuid id;
    enum err e = uuid_parse(name_or_id, &id) ? records->user_by_id(records->self, ctx, &id, out)
                                             : find_by_name(core, ctx, name_or_id, out);
    if (e == ERR_OK && out->state != USER_READY)
        e = ERR_UNKNOWN_RECIPIENT;
    return unknown(e);
}

enum err recipients_find_id(struct core *core, struct ctx *ctx, struct bytes name_or_id,
                            struct uuid *out)
{
    if (uuid_parse(name_or_id, out))
        return ERR_OK;
    struct user_record user;
    enum err e = find_by_name(core, ctx, name_or_id, &user);
    if (e == ERR_OK)
        *out = user.id;
    return unknown(e);
}
