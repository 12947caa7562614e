#include "api/export.h"

#include "api/letter_view.h"
#include "api/session_view.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/letters.h"

#include <string.h>

#define PAGE_LETTERS 100u
#define PAGE_MAX_BYTES (1u << 20)

enum stage { STAGE_LETTERS, STAGE_END };

struct export
{
    struct api_source source;
    struct core *core;
    struct buffer pending; /* text that was made but not given out */
    char cursor[RECORDS_CURSOR_BYTES];
    int64_t lost_before_unix_ms;
    bool any; /* a letter was written: the next one takes a comma */
    enum stage stage;
};

static void write_member(struct export *export, const char *name, const json_t *value)
{
    buffer_printf(&export->pending, ",\"%s\":", name);
    json_write(&export->pending, value);
}

/* Everything before the letters, with the list of letters opened. */
static enum err write_head(struct export *export, struct ctx *ctx)
{
    const struct keys *keys = &export->core->ports->keys;
    json_t *me = NULL;
    json_t *sessions = NULL;
    struct bytes ring = BYTES_LIT("null");
    enum err e = session_view_me(export->core, ctx, &me);
    if (e == ERR_OK)
        e = session_view_list(export->core, ctx, &sessions);
    if (e == ERR_OK)
        e = letters_lost_before(export->core, ctx, &export->lost_before_unix_ms);
    if (e == ERR_OK) {
        e = keys->key_ring(keys->self, ctx, &ring);
        if (e == ERR_NOT_FOUND)
            e = ERR_OK;
    }
    if (e == ERR_OK) {
        char now[CLOCK_RFC3339_BYTES];
        clock_rfc3339(ctx->now_unix_ms, now);
        buffer_printf(&export->pending, "{\"exported_at\":\"%s\"", now);
        write_member(export, "profile", me);
        write_member(export, "sessions", sessions);
        buffer_append_str(&export->pending, ",\"key_ring\":");
        buffer_append(&export->pending, ring);
        buffer_append_str(&export->pending, ",\"letters\":[");
    }
    json_decref(me);
    json_decref(sessions);
    return e;
}

static void write_letter(struct export *export, const struct ctx *ctx,
                         const struct message_record *record)
{
    struct buffer *out = &export->pending;
    char id[UUID_TEXT_BYTES];
    uuid_format(&record->id, id);
    buffer_append_str(out, export->any ? ",{" : "{");
    export->any = true;
    letter_view_write_members(out, record, ctx->actor, export->lost_before_unix_ms);
    buffer_printf(out, ",\"sealed\":\"/v1/letters/%s/sealed\"}", id);
}

/* Each page has an arena of its own: the whole may be far larger than a request's. */
static enum err write_page(struct export *export, const struct ctx *ctx)
{
    const struct records *records = &export->core->ports->records;
    struct arena arena;
    arena_init(&arena);
    struct ctx page_ctx = *ctx;
    page_ctx.arena = &arena;
    const struct message_query query = {.limit = PAGE_LETTERS,
                                        .cursor = bytes_of_str(export->cursor)};
    struct message_page page = {0};
    enum err e = records->messages_list(records->self, &page_ctx, &query, &page);
    for (size_t i = 0; e == ERR_OK && i < page.count; i++)
        write_letter(export, ctx, &page.items[i]);
    if (e == ERR_OK && page.next_cursor != NULL) {
        size_t n = strlen(page.next_cursor);
        e = n < sizeof export->cursor ? ERR_OK : ERR_INTERNAL;
        if (e == ERR_OK)
            memcpy(export->cursor, page.next_cursor, n + 1);
    } else if (e == ERR_OK) {
        buffer_append_str(&export->pending, "]}");
        export->stage = STAGE_END;
    }
    arena_fini(&arena);
    return e;
}

static enum err export_read(struct api_source *source, struct ctx *ctx, uint8_t *data, size_t n,
                            size_t *got)
{
    struct export *export = (struct export *)source;
    *got = 0;
    while (export->pending.n == 0 && export->stage == STAGE_LETTERS) {
        enum err e = write_page(export, ctx);
        if (e != ERR_OK)
            return e;
    }
    if (!buffer_ok(&export->pending))
        return ERR_INTERNAL;
    *got = n < export->pending.n ? n : export->pending.n;
    if (*got > 0)
        memcpy(data, export->pending.p, *got);
    buffer_consume(&export->pending, *got);
    source->ended = export->pending.n == 0 && export->stage == STAGE_END;
    return ERR_OK;
}

static void export_close(struct api_source *source)
{
    struct export *export = (struct export *)source;
    buffer_fini(&export->pending);
    mem_free(export);
}

enum err export_open(struct core *core, struct ctx *ctx, struct api_source **out)
{
    struct export *export = mem_alloc(sizeof *export);
    export->source = (struct api_source){.read = export_read, .close = export_close};
    export->core = core;
    buffer_init(&export->pending, PAGE_MAX_BYTES);
    enum err e = write_head(export, ctx);
    if (e != ERR_OK) {
        export_close(&export->source);
        return e;
    }
    *out = &export->source;
    return ERR_OK;
}
