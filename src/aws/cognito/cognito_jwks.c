#include "aws/cognito/cognito_jwks.h"

#include "aws/client/transport.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/threads.h"

#include <stdio.h>

#define TIMEOUT_MS 5000
#define SET_MAX_BYTES 65536u
#define URL_BYTES 512u

struct cognito_jwks {
    struct transport *transport;
    char url[URL_BYTES];
    int64_t kept_ms;
    struct lock lock; /* for what follows */
    struct buffer set;
    char etag[TRANSPORT_VALUE_BYTES];
    int64_t fresh_until_mono_ms;
};

struct cognito_jwks *cognito_jwks_create(const struct aws_config *config, int64_t kept_ms)
{
    struct cognito_jwks *jwks = mem_alloc(sizeof *jwks);
    jwks->kept_ms = kept_ms;
    jwks->transport = transport_create(config->ca_file);
    if (config->jwks_url[0] != '\0')
        (void)snprintf(jwks->url, sizeof jwks->url, "%s", config->jwks_url);
    else
        (void)snprintf(jwks->url, sizeof jwks->url,
                       "https://cognito-idp.%s.amazonaws.com/%s/.well-known/jwks.json",
                       config->region, config->user_pool_id);
    lock_init(&jwks->lock);
    buffer_init(&jwks->set, SET_MAX_BYTES);
    return jwks;
}

void cognito_jwks_destroy(struct cognito_jwks *jwks)
{
    if (jwks == NULL)
        return;
    buffer_fini(&jwks->set);
    lock_fini(&jwks->lock);
    transport_destroy(jwks->transport);
    mem_free(jwks);
}

/* True, with the set, while it is fresh; else the tag to ask for a newer one by. */
static bool recall(struct cognito_jwks *jwks, struct ctx *ctx, struct bytes *json,
                   char etag[TRANSPORT_VALUE_BYTES])
{
    int64_t now_mono_ms = clock_mono_ms();
    lock_acquire(&jwks->lock);
    bool fresh = jwks->set.n > 0 && now_mono_ms < jwks->fresh_until_mono_ms;
    if (jwks->set.n > 0)
        *json = arena_copy(ctx->arena, buffer_bytes(&jwks->set));
    (void)snprintf(etag, TRANSPORT_VALUE_BYTES, "%s", jwks->etag);
    jwks->fresh_until_mono_ms = fresh ? jwks->fresh_until_mono_ms : now_mono_ms + jwks->kept_ms;
    lock_release(&jwks->lock);
    return fresh;
}

/* Keeps the set fetched, or the one there is. */
static void keep(struct cognito_jwks *jwks, const struct transport_answer *answer)
{
    lock_acquire(&jwks->lock);
    if (answer->status == 200) {
        buffer_clear(&jwks->set);
        buffer_append(&jwks->set, buffer_bytes(&answer->body));
        (void)snprintf(jwks->etag, sizeof jwks->etag, "%s", answer->etag);
    }
    jwks->fresh_until_mono_ms = clock_mono_ms() + jwks->kept_ms;
    lock_release(&jwks->lock);
}

/* The fetch failed: the next caller tries again. */
static enum err fail(struct cognito_jwks *jwks, struct ctx *ctx, long status, const char *cause)
{
    lock_acquire(&jwks->lock);
    jwks->fresh_until_mono_ms = 0;
    lock_release(&jwks->lock);
    return ctx_log_fail(ctx, ERR_UNAVAILABLE, "jwks_unavailable", "status=%ld cause=\"%s\"", status,
                        cause);
}

static bool is_set(struct bytes text)
{
    json_t *set = json_parse_object(text);
    bool ok = json_is_array(json_object_get(set, "keys"));
    json_decref(set);
    return ok;
}

enum err cognito_jwks_get(struct cognito_jwks *jwks, struct ctx *ctx, struct bytes *json)
{
    char etag[TRANSPORT_VALUE_BYTES];
    struct transport_answer answer;
    const char *cause = "";
    if (recall(jwks, ctx, json, etag))
        return ERR_OK;
    int64_t left_ms = ctx_left_ms(ctx);
    const struct transport_request request = {
        .method = "GET",
        .url = jwks->url,
        .headers = {{"if-none-match", etag}},
        .header_count = etag[0] != '\0',
        .timeout_ms = left_ms < TIMEOUT_MS ? left_ms : TIMEOUT_MS,
        .answer_max = SET_MAX_BYTES,
    };
    enum err e = ERR_OK;
    bool answered =
        transport_exchange(jwks->transport, &request, &answer, &cause) == TRANSPORT_ANSWERED;
    bool changed = answered && answer.status == 200 && is_set(buffer_bytes(&answer.body));
    if (changed)
        *json = arena_copy(ctx->arena, buffer_bytes(&answer.body));
    if (changed || (answered && answer.status == 304 && etag[0] != '\0'))
        keep(jwks, &answer);
    else
        e = fail(jwks, ctx, answer.status, answered ? "no JWK Set" : cause);
    transport_answer_fini(&answer);
    return e;
}
