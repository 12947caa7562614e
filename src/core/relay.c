#include "core/relay.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/threads.h"
#include "core/events.h"
#include "core/letters.h"
#include "core/unread.h"

#include <string.h>

#define INTERVAL_MS 1000
#define QUERY_TIMEOUT_MS 5000
/* Clocks of nodes differ a little, and a letter becomes visible a little after the time in it. */
#define OVERLAP_MS 5000
#define MEMORY_MAX 20000u /* users whose last count is remembered */
#define MEMORY_MS (INT64_C(10) * 60 * 1000)

struct relay {
    struct core *core;
    struct thread thread;
    struct lock lock;
    struct condition ended;
    bool end;
    struct cache *counts; /* user id -> uint64_t unread count last told */
    struct uuid *users;   /* of the present round; room for every stream */
    int64_t since_unix_ms;
};

static enum err tell_letters(struct relay *relay, struct ctx *ctx)
{
    struct message_page page = {0};
    enum err e = letters_since(relay->core, ctx, relay->since_unix_ms, &page);
    for (size_t i = 0; e == ERR_OK && i < page.count; i++)
        events_publish_letter(relay->core->events, &ctx->actor->user_id, &page.items[i]);
    return e;
}

static enum err tell_unread(struct relay *relay, struct ctx *ctx)
{
    struct unread_summary summary = {0};
    enum err e = unread_get(relay->core, ctx, &summary);
    if (e != ERR_OK)
        return e;
    uint8_t key[CACHE_KEY_BYTES];
    uint64_t told = 0;
    cache_key_of_uuid(&ctx->actor->user_id, key);
    if (!cache_get(relay->counts, key, ctx->now_unix_ms, &told) || told != summary.count)
        events_publish_unread(relay->core->events, &ctx->actor->user_id, &summary.count);
    cache_put(relay->counts, key, ctx->now_unix_ms + MEMORY_MS, &summary.count);
    return ERR_OK;
}

/* A question that fails is asked again in the next round, from the same time on. */
static bool tell(struct relay *relay, const struct uuid *user_id)
{
    struct arena arena;
    struct ctx ctx;
    const struct actor user = {.user_id = *user_id, .power = ACTOR_ACCESS};
    arena_init(&arena);
    ctx_init(&ctx, &arena, QUERY_TIMEOUT_MS);
    ctx.actor = &user;
    enum err e = tell_letters(relay, &ctx);
    if (e == ERR_OK)
        e = tell_unread(relay, &ctx);
    arena_fini(&arena);
    return e == ERR_OK;
}

static bool wait_for_end(struct relay *relay)
{
    int64_t deadline = clock_mono_ms() + INTERVAL_MS;
    lock_acquire(&relay->lock);
    while (!relay->end && condition_wait(&relay->ended, &relay->lock, deadline)) {
    }
    bool end = relay->end;
    lock_release(&relay->lock);
    return end;
}

static void run(void *arg)
{
    struct relay *relay = arg;
    while (!wait_for_end(relay)) {
        int64_t began_unix_ms = clock_unix_ms();
        bool ok = true;
        size_t count =
            events_users(relay->core->events, relay->users, relay->core->config->streams_total);
        for (size_t i = 0; i < count; i++)
            ok = tell(relay, &relay->users[i]) && ok;
        if (ok)
            relay->since_unix_ms = began_unix_ms - OVERLAP_MS;
    }
}

struct relay *relay_start(struct core *core)
{
    if (!core->ports->records.shared)
        return NULL;
    struct relay *relay = mem_alloc(sizeof *relay);
    relay->core = core;
    relay->counts = cache_create(MEMORY_MAX, sizeof(uint64_t));
    relay->users = mem_alloc(core->config->streams_total * sizeof *relay->users);
    relay->since_unix_ms = clock_unix_ms() - OVERLAP_MS;
    lock_init(&relay->lock);
    condition_init(&relay->ended);
    thread_start(&relay->thread, "relay", run, relay);
    return relay;
}

void relay_stop(struct relay *relay)
{
    if (relay == NULL)
        return;
    lock_acquire(&relay->lock);
    relay->end = true;
    condition_broadcast(&relay->ended);
    lock_release(&relay->lock);
    thread_join(&relay->thread);
    condition_fini(&relay->ended);
    lock_fini(&relay->lock);
    cache_destroy(relay->counts);
    mem_free(relay->users);
    mem_free(relay);
}
