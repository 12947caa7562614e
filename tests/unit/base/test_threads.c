#include "base/arena.h"
#include "base/cache.h"
#include "base/clock.h"
#include "base/ctx.h"
#include "base/random.h"
#include "base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define JOBS 1000

struct counted_job {
    struct job job;
    atomic_int *count;
    struct gate *hold; /* waited for before counting, or NULL */
};

static void count_one(struct job *job)
{
    struct counted_job *counted = (struct counted_job *)job;
    if (counted->hold != NULL)
        assert_true(gate_wait(counted->hold, clock_mono_ms() + 30000));
    atomic_fetch_add(counted->count, 1);
}

static void test_pool_runs_everything(void **state)
{
    (void)state;
    static struct counted_job jobs[JOBS];
    atomic_int count = 0;
    struct pool *pool = pool_create("test", 4, JOBS);
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = (struct counted_job){.job.run = count_one, .count = &count};
        assert_true(pool_submit(pool, &jobs[i].job));
    }
    pool_destroy(pool);
    assert_int_equal(atomic_load(&count), JOBS);
}

static void test_pool_is_bounded(void **state)
{
    (void)state;
    struct gate hold;
    gate_init(&hold);
    atomic_int count = 0;
    struct counted_job jobs[4];
    for (size_t i = 0; i < 4; i++)
        jobs[i] = (struct counted_job){.job.run = count_one, .count = &count, .hold = &hold};
    struct pool *pool = pool_create("test", 1, 2);
    /* One job may be running or queued; the queue holds two; so the fourth never fits. */
    size_t accepted = 0;
    for (size_t i = 0; i < 4; i++)
        accepted += pool_submit(pool, &jobs[i].job);
    assert_in_range(accepted, 2, 3);
    gate_open(&hold);
    pool_destroy(pool);
    assert_int_equal(atomic_load(&count), (int)accepted);
    gate_fini(&hold);
}

static void test_gate_deadline(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate);
    assert_false(gate_wait(&gate, clock_mono_ms() - 1));
    gate_open(&gate);
    assert_true(gate_wait(&gate, clock_mono_ms() - 1));
    gate_fini(&gate);
}

static void key_of(uint8_t key[CACHE_KEY_BYTES], uint8_t n)
{
    memset(key, n, CACHE_KEY_BYTES);
}

static bool is_odd(const void *value, const void *arg)
{
    (void)arg;
    return *(const int *)value % 2 == 1;
}

static void test_cache(void **state)
{
    (void)state;
    struct cache *cache = cache_create(3, sizeof(int));
    uint8_t key[CACHE_KEY_BYTES];
    for (int i = 1; i <= 4; i++) {
        key_of(key, (uint8_t)i);
        cache_put(cache, key, 1000, &i);
        int kept;
        key_of(key, 1); /* used again and again, so it is never the oldest */
        assert_true(cache_get(cache, key, 0, &kept));
    }
    int v = 0;
    key_of(key, 2);
    assert_false(cache_get(cache, key, 0, &v));
    key_of(key, 1);
    assert_true(cache_get(cache, key, 999, &v));
    assert_int_equal(v, 1);
    assert_false(cache_get(cache, key, 1000, &v));
    cache_drop_if(cache, is_odd, NULL);
    key_of(key, 3);
    assert_false(cache_get(cache, key, 0, &v));
    key_of(key, 4);
    assert_true(cache_get(cache, key, 0, &v));
    v = 40;
    cache_put(cache, key, 2000, &v);
    assert_true(cache_get(cache, key, 1500, &v));
    assert_int_equal(v, 40);
    cache_clear(cache);
    assert_false(cache_get(cache, key, 0, &v));
    cache_destroy(cache);
    cache_destroy(NULL);
}

static void test_arena(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < 1000; i++) {
        uint64_t *p = arena_alloc(&arena, i % 300);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        if (i % 300 >= sizeof *p)
            assert_true(*p == 0);
        memset(p, 0xaa, i % 300);
    }
    assert_string_equal(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
    assert_string_equal(arena_str(&arena, BYTES_LIT("abc")), "abc");
    uint8_t *large = arena_alloc(&arena, 1 << 20);
    large[(1 << 20) - 1] = 1;
    arena_fini(&arena);
    arena_fini(&arena);
}

static void test_ctx(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct ctx ctx;
    ctx_init(&ctx, &arena, 60000);
    assert_int_equal(strlen(ctx.request_id), CTX_REQUEST_ID_BYTES - 1);
    assert_in_range(ctx_left_ms(&ctx), 1, 60000);
    ctx.deadline_mono_ms = 0;
    assert_int_equal(ctx_left_ms(&ctx), 0);
    assert_int_equal(ctx_fail(&ctx, ERR_MISSING_FIELD, "%s is missing", "to"), ERR_MISSING_FIELD);
    assert_string_equal(ctx.detail, "to is missing");
}

static void test_errors_are_described(void **state)
{
    (void)state;
    for (int e = 0; e < ERR_COUNT; e++) {
        assert_in_range(err_status((enum err)e), 200, 503);
        assert_true(strlen(err_code((enum err)e)) > 0);
        assert_true(strlen(err_text((enum err)e)) > 0);
        for (int other = 0; other < e; other++)
            assert_string_not_equal(err_code((enum err)e), err_code((enum err)other));
    }
}

static void test_random_below(void **state)
{
    (void)state;
    for (uint32_t bound = 1; bound < 50; bound++)
        assert_in_range(random_below(bound), 0, bound - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_runs_everything),
        cmocka_unit_test(test_pool_is_bounded),
        cmocka_unit_test(test_gate_deadline),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_ctx),
        cmocka_unit_test(test_errors_are_described),
        cmocka_unit_test(test_random_below),
    };
    return cmocka_run_group_tests_name("base_threads", tests, NULL, NULL);
}
