#include "base/ctx.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ctx_init(struct ctx *ctx, struct arena *arena, int64_t timeout_ms)
{
    *ctx = (struct ctx){
        .arena = arena,
        .deadline_mono_ms = clock_mono_ms() + timeout_ms,
        .now_unix_ms = clock_unix_ms(),
    };
    static const char digits[] = "0123456789abcdef";
    uint8_t id[8];
    random_bytes(id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++) {
        ctx->request_id[2 * i] = digits[id[i] >> 4];
        ctx->request_id[2 * i + 1] = digits[id[i] & 0x0f];
    }
}

int64_t ctx_left_ms(const struct ctx *ctx)
{
    int64_t left = ctx->deadline_mono_ms - clock_mono_ms();
    return left > 0 ? left : 0;
}

enum err ctx_fail(struct ctx *ctx, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ctx->detail, sizeof ctx->detail, format, args);
    va_end(args);
    return e;
}

enum err ctx_log_fail(struct ctx *ctx, enum err e, const char *event, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_error(event, "request=%s error=%s %s", ctx->request_id, err_code(e), text);
    return e;
}
