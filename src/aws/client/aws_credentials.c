#include "aws/client/aws_credentials.h"

#include "aws/client/aws_sources.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/threads.h"

#include <string.h>

#define RENEW_AHEAD_MS (INT64_C(5) * 60 * 1000)
/* Between two fetches, whatever came of the first: a source in trouble is not asked by every
 * request, and one that gives credentials which expire soon neither. */
#define FETCH_PAUSE_MS INT64_C(1000)
#define RENEW_PAUSE_MS INT64_C(30000)

struct aws_chain {
    struct aws_sources sources;
    struct lock lock; /* guards what follows */
    struct condition fetched;
    struct aws_credentials credentials;
    bool have;
    bool fetching;
    int64_t pause_until_mono_ms;
};

void aws_credentials_fini(struct aws_credentials *credentials)
{
    mem_cleanse(credentials, sizeof *credentials);
}

struct aws_chain *aws_chain_create(void)
{
    struct aws_chain *chain = mem_alloc(sizeof *chain);
    lock_init(&chain->lock);
    condition_init(&chain->fetched);
    aws_sources_init(&chain->sources);
    return chain;
}

void aws_chain_destroy(struct aws_chain *chain)
{
    if (chain == NULL)
        return;
    aws_sources_fini(&chain->sources);
    condition_fini(&chain->fetched);
    lock_fini(&chain->lock);
    aws_credentials_fini(&chain->credentials);
    mem_free(chain);
}

/* With the lock held. */
static bool is_due(const struct aws_chain *chain)
{
    bool ends_soon =
        !chain->have || chain->credentials.expires_unix_ms - RENEW_AHEAD_MS <= clock_unix_ms();
    return ends_soon && clock_mono_ms() >= chain->pause_until_mono_ms;
}

/* With the lock held, which is released meanwhile. What there is stays when the source fails: it
 * may well be taken for longer than it says. */
static enum err fetch(struct aws_chain *chain, struct ctx *ctx)
{
    struct aws_credentials fresh = {0};
    chain->fetching = true;
    lock_release(&chain->lock);
    enum err e = aws_sources_fetch(&chain->sources, ctx, &fresh);
    lock_acquire(&chain->lock);
    chain->fetching = false;
    if (e == ERR_OK) {
        chain->credentials = fresh;
        chain->have = true;
    }
    chain->pause_until_mono_ms = clock_mono_ms() + (chain->have ? RENEW_PAUSE_MS : FETCH_PAUSE_MS);
    condition_broadcast(&chain->fetched);
    aws_credentials_fini(&fresh);
    return e;
}

enum err aws_chain_get(struct aws_chain *chain, struct ctx *ctx, struct aws_credentials *out)
{
    enum err e = ERR_OK;
    *out = (struct aws_credentials){0};
    lock_acquire(&chain->lock);
    while (!chain->have && chain->fetching && e == ERR_OK) {
        if (!condition_wait(&chain->fetched, &chain->lock, ctx->deadline_mono_ms))
            e = ERR_DEADLINE;
    }
    if (e == ERR_OK && !chain->fetching && is_due(chain))
        e = fetch(chain, ctx);
    if (chain->have) {
        *out = chain->credentials;
        e = ERR_OK;
    } else if (e == ERR_OK) {
        e = ERR_UNAVAILABLE; /* said a moment ago why */
    }
    lock_release(&chain->lock);
    return e;
}

bool aws_chain_refused(struct aws_chain *chain, const struct aws_credentials *credentials)
{
    bool renewable = chain->sources.source != AWS_SOURCE_FIXED;
    lock_acquire(&chain->lock);
    bool same = strcmp(chain->credentials.access_key_id, credentials->access_key_id) == 0 &&
                strcmp(chain->credentials.session_token, credentials->session_token) == 0;
    if (same && renewable) {
        aws_credentials_fini(&chain->credentials);
        chain->have = false;
        chain->pause_until_mono_ms = 0;
    }
    lock_release(&chain->lock);
    return !same || renewable;
}
