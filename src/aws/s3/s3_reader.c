#include "aws/s3/s3_reader.h"

#include "base/mem.h"

#include <string.h>

#define FIRST_BYTES (256u << 10)   /* with the first request: most files whole */
#define AHEAD_BYTES (1u << 20)     /* with the next one of somebody who reads on … */
#define AHEAD_BYTES_MAX (4u << 20) /* … and twice as many with each further one, up to this */

struct object_reader {
    struct aws_client *client;
    char path[S3_PATH_BYTES];
    uint64_t size;
    uint64_t window_at; /* offset of the window in the object */
    struct buffer window;
    uint64_t aside_end; /* of the last read that went past the window */
    size_t ahead;
};

/* Gets bytes [offset, offset + n) into s->answer.body, which is shorter at the end only. */
static enum err get_range(struct object_reader *r, struct s3_call *s, uint64_t offset, size_t n)
{
    s->call.path = r->path;
    s->call.answer_max = n;
    s3_call_header(s, "range",
                   arena_printf(&s->arena, "bytes=%llu-%llu", (unsigned long long)offset,
                                (unsigned long long)(offset + n - 1)));
    return s3_call_send(s, r->client);
}

static enum err fill_first(struct object_reader *r, struct ctx *ctx)
{
    struct s3_call s;
    s3_call_init(&s, ctx, "GetObject", "GET", r->path, NULL);
    enum err e = get_range(r, &s, 0, FIRST_BYTES);
    if (e == ERR_OK && s.answer.status == 404)
        e = ERR_NOT_FOUND;
    else if (e == ERR_OK && s.answer.status == 416)
        r->size = 0; /* there is no range in an empty object */
    else if (e == ERR_OK)
        e = s3_call_check(&s);
    if (e == ERR_OK && s.answer.status == 206) {
        r->size = s.answer.object_size;
        buffer_append(&r->window, s.answer.body);
    } else if (e == ERR_OK && s.answer.status == 200) {
        r->size = s.answer.body.n;
        buffer_append(&r->window, s.answer.body);
    }
    s3_call_fini(&s);
    return e;
}

enum err s3_reader_open(struct aws_client *client, struct ctx *ctx, const struct uuid *id,
                        struct object_reader **out, uint64_t *size)
{
    struct object_reader *r = mem_alloc(sizeof *r);
    r->client = client;
    s3_path(id, r->path);
    r->ahead = AHEAD_BYTES;
    buffer_init(&r->window, AHEAD_BYTES_MAX);
    enum err e = fill_first(r, ctx);
    if (e != ERR_OK) {
        s3_reader_close(r);
        return e;
    }
    *out = r;
    *size = r->size;
    return ERR_OK;
}

void s3_reader_close(struct object_reader *r)
{
    if (r == NULL)
        return;
    buffer_fini(&r->window);
    mem_free(r);
}

/* Gets a range and appends it to *out. What comes short of it is no whole object. */
static enum err fetch(struct object_reader *r, struct ctx *ctx, uint64_t offset, size_t n,
                      struct buffer *out)
{
    struct s3_call s;
    s3_call_init(&s, ctx, "GetObject", "GET", r->path, NULL);
    enum err e = get_range(r, &s, offset, n);
    if (e == ERR_OK)
        e = s3_call_take(&s, n, out);
    s3_call_fini(&s);
    return e;
}

static size_t least(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

/* Somebody reads on: at the end of the window, or of what they read past it. */
static enum err move_window(struct object_reader *r, struct ctx *ctx, uint64_t at)
{
    buffer_clear(&r->window);
    r->window_at = at;
    enum err e = fetch(r, ctx, at, least(r->size - at, r->ahead), &r->window);
    r->ahead = least(2 * r->ahead, AHEAD_BYTES_MAX);
    return e;
}

/* Somebody looks elsewhere, mostly at the last frame, and comes back: the window stays. */
static enum err read_aside(struct object_reader *r, struct ctx *ctx, uint64_t at, uint8_t *data,
                           size_t n)
{
    struct buffer piece;
    buffer_init(&piece, n);
    enum err e = fetch(r, ctx, at, n, &piece);
    if (e == ERR_OK)
        memcpy(data, piece.p, n);
    r->aside_end = at + n;
    buffer_fini(&piece);
    return e;
}

enum err s3_reader_read(struct object_reader *r, struct ctx *ctx, uint64_t offset, uint8_t *data,
                        size_t n, size_t *got)
{
    *got = 0;
    n = offset >= r->size ? 0 : least(r->size - offset, n);
    while (*got < n) {
        uint64_t at = offset + *got;
        uint64_t window_end = r->window_at + r->window.n;
        enum err e = ERR_OK;
        if (at >= r->window_at && at < window_end) {
            struct bytes here =
                bytes_slice(buffer_bytes(&r->window), (size_t)(at - r->window_at), n - *got);
            memcpy(data + *got, here.p, here.n);
            *got += here.n;
        } else if (at == window_end || at == r->aside_end) {
            e = move_window(r, ctx, at);
        } else {
            e = read_aside(r, ctx, at, data + *got, n - *got);
            *got = n;
        }
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}
