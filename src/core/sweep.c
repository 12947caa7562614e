#include "core/sweep.h"

#define BATCH 100u
#define ORPHAN_AGE_MS (60 * 60 * 1000)

static enum err expire_batch(struct core *core, struct ctx *ctx, size_t *deleted)
{
    const struct ports *ports = core->ports;
    struct uuid *object_ids = NULL;
    size_t object_count = 0;
    enum err e = ports->records.messages_expire(ports->records.self, ctx, BATCH, &object_ids,
                                                &object_count, deleted);
    for (size_t i = 0; e == ERR_OK && i < object_count; i++)
        e = ports->objects.remove(ports->objects.self, ctx, &object_ids[i]);
    return e;
}

enum err sweep_expired_letters(struct core *core, struct ctx *ctx, size_t *erased)
{
    size_t deleted = BATCH;
    *erased = 0;
    while (deleted == BATCH && ctx_left_ms(ctx) > 0) {
        enum err e = expire_batch(core, ctx, &deleted);
        if (e != ERR_OK)
            return e;
        *erased += deleted;
    }
    return ERR_OK;
}

struct keeper {
    struct core *core;
    struct ctx *ctx;
};

static enum err keep_if_known(void *arg, const struct uuid *id, bool *keep)
{
    const struct keeper *keeper = arg;
    const struct records *records = &keeper->core->ports->records;
    const struct uploads *uploads = &keeper->core->ports->uploads;
    enum err e = records->message_exists(records->self, keeper->ctx, id, keep);
    if (e != ERR_OK || *keep || uploads->exists == NULL)
        return e;
    return uploads->exists(uploads->self, keeper->ctx, id, keep);
}

enum err sweep_orphaned_objects(struct core *core, struct ctx *ctx, size_t *removed)
{
    const struct objects *objects = &core->ports->objects;
    struct keeper keeper = {core, ctx};
    return objects->sweep(objects->self, ctx, ctx->now_unix_ms - ORPHAN_AGE_MS, keep_if_known,
                          &keeper, removed);
}
