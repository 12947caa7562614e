#include "contract_objects.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TIMEOUT_MS 60000
#define HOUR_MS (3600 * (int64_t)1000)

static const struct objects_maker *the_maker;

void objects_choose(const struct objects_maker *maker)
{
    the_maker = maker;
}

int objects_set_up(void **state)
{
    struct objects_fixture *f = mem_alloc(sizeof *f);
    arena_init(&f->arena);
    ctx_init(&f->ctx, &f->arena, TIMEOUT_MS);
    f->made = the_maker->make(&f->port);
    f->place.id = uuid_at(clock_unix_ms());
    *state = f;
    return 0;
}

int objects_tear_down(void **state)
{
    struct objects_fixture *f = *state;
    the_maker->unmake(f->made);
    arena_fini(&f->arena);
    mem_free(f);
    return 0;
}

void objects_fill(uint8_t *data, size_t n, uint64_t offset)
{
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)((offset + i) * 2654435761u >> 13);
}

static struct object_writer *begin(struct objects_fixture *f, const struct uuid *id)
{
    struct object_writer *w = NULL;
    assert_int_equal(f->port.begin(f->port.self, &f->ctx, id, &w), ERR_OK);
    assert_non_null(w);
    return w;
}

static void write_bytes(struct objects_fixture *f, struct object_writer *w, uint64_t size)
{
    uint8_t *chunk = mem_alloc(f->port.chunk_bytes);
    for (uint64_t at = 0; at < size;) {
        size_t n = size - at < f->port.chunk_bytes ? (size_t)(size - at) : f->port.chunk_bytes;
        objects_fill(chunk, n, at);
        assert_int_equal(f->port.write(w, &f->ctx, bytes_of(chunk, n)), ERR_OK);
        at += n;
    }
    mem_free(chunk);
}

static struct uuid store_object(struct objects_fixture *f, uint64_t size)
{
    struct uuid id = uuid_at(clock_unix_ms());
    struct object_writer *w = begin(f, &id);
    write_bytes(f, w, size);
    assert_int_equal(f->port.commit(w, &f->ctx), ERR_OK);
    return id;
}

static enum err open_object(struct objects_fixture *f, const struct uuid *id,
                            struct object_reader **out, uint64_t *size)
{
    return f->port.open(f->port.self, &f->ctx, id, out, size);
}

static bool exists(struct objects_fixture *f, const struct uuid *id)
{
    struct object_reader *r = NULL;
    uint64_t size = 0;
    enum err e = open_object(f, id, &r, &size);
    if (e != ERR_OK)
        assert_int_equal(e, ERR_NOT_FOUND);
    f->port.close(r);
    return e == ERR_OK;
}

static void assert_content(struct objects_fixture *f, const struct uuid *id, uint64_t expected_size)
{
    struct object_reader *r = NULL;
    uint64_t size = 0;
    uint8_t *got_bytes = mem_alloc(f->port.chunk_bytes);
    uint8_t *expected = mem_alloc(f->port.chunk_bytes);
    assert_int_equal(open_object(f, id, &r, &size), ERR_OK);
    assert_int_equal(size, expected_size);
    uint64_t at = 0;
    for (;;) {
        size_t got = 0;
        assert_int_equal(f->port.read(r, &f->ctx, at, got_bytes, f->port.chunk_bytes, &got),
                         ERR_OK);
        objects_fill(expected, got, at);
        assert_memory_equal(got_bytes, expected, got);
        at += got;
        if (got < f->port.chunk_bytes)
            break;
    }
    assert_int_equal(at, expected_size);
    f->port.close(r);
    mem_free(expected);
    mem_free(got_bytes);
}

static void test_sizes(void **state)
{
    struct objects_fixture *f = *state;
    const uint64_t chunk = f->port.chunk_bytes;
    const uint64_t sizes[] = {0, 1, chunk - 1, chunk, chunk + 1, 20 * 1024 * 1024 + 7};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct uuid id = store_object(f, sizes[i]);
        assert_content(f, &id, sizes[i]);
    }
}

static void test_reads_at_offsets(void **state)
{
    struct objects_fixture *f = *state;
    struct uuid id = store_object(f, 100000);
    struct object_reader *r = NULL;
    uint64_t size = 0;
    uint8_t data[1000];
    uint8_t expected[1000];
    size_t got = 0;
    assert_int_equal(open_object(f, &id, &r, &size), ERR_OK);
    assert_int_equal(f->port.read(r, &f->ctx, 54321, data, sizeof data, &got), ERR_OK);
    assert_int_equal(got, sizeof data);
    objects_fill(expected, sizeof expected, 54321);
    assert_memory_equal(data, expected, sizeof data);
    assert_int_equal(f->port.read(r, &f->ctx, 99990, data, sizeof data, &got), ERR_OK);
    assert_int_equal(got, 10);
    assert_int_equal(f->port.read(r, &f->ctx, 100000, data, sizeof data, &got), ERR_OK);
    assert_int_equal(got, 0);
    assert_int_equal(f->port.read(r, &f->ctx, UINT64_MAX, data, sizeof data, &got), ERR_OK);
    assert_int_equal(got, 0);
    f->port.close(r);
    f->port.close(NULL);
}

static void test_visible_only_after_commit(void **state)
{
    struct objects_fixture *f = *state;
    struct uuid id = uuid_at(clock_unix_ms());
    struct object_writer *w = begin(f, &id);
    assert_false(exists(f, &id));
    write_bytes(f, w, 1000);
    assert_false(exists(f, &id));
    assert_int_equal(f->port.commit(w, &f->ctx), ERR_OK);
    assert_content(f, &id, 1000);
}

static void test_abort_leaves_nothing(void **state)
{
    struct objects_fixture *f = *state;
    struct uuid id = uuid_at(clock_unix_ms());
    struct object_writer *w = begin(f, &id);
    write_bytes(f, w, 1000);
    f->port.abort(w);
    f->port.abort(NULL);
    assert_false(exists(f, &id));
    w = begin(f, &id);
    assert_int_equal(f->port.commit(w, &f->ctx), ERR_OK);
    assert_content(f, &id, 0);
}

static void test_object_is_never_replaced(void **state)
{
    struct objects_fixture *f = *state;
    struct uuid id = uuid_at(clock_unix_ms());
    struct object_writer *first = begin(f, &id);
    struct object_writer *second = begin(f, &id);
    write_bytes(f, first, 1000);
    write_bytes(f, second, 2000);
    assert_int_equal(f->port.commit(first, &f->ctx), ERR_OK);
    assert_int_equal(f->port.commit(second, &f->ctx), ERR_CONFLICT);
    assert_content(f, &id, 1000);
}

static void test_remove(void **state)
{
    struct objects_fixture *f = *state;
    struct uuid id = store_object(f, 1000);
    struct uuid nothing = uuid_random();
    assert_int_equal(f->port.remove(f->port.self, &f->ctx, &id), ERR_OK);
    assert_false(exists(f, &id));
    assert_int_equal(f->port.remove(f->port.self, &f->ctx, &id), ERR_OK);
    assert_int_equal(f->port.remove(f->port.self, &f->ctx, &nothing), ERR_OK);
}

static void test_reader_outlives_removal(void **state)
{
    struct objects_fixture *f = *state;
    struct uuid id = store_object(f, 1000);
    struct object_reader *r = NULL;
    uint64_t size = 0;
    uint8_t data[1000];
    size_t got = 0;
    assert_int_equal(open_object(f, &id, &r, &size), ERR_OK);
    assert_int_equal(f->port.remove(f->port.self, &f->ctx, &id), ERR_OK);
    /* All of it or an error, never wrong bytes. */
    if (f->port.read(r, &f->ctx, 0, data, sizeof data, &got) == ERR_OK)
        assert_int_equal(got, sizeof data);
    f->port.close(r);
}

static enum err keep_one(void *arg, const struct uuid *id, bool *keep)
{
    *keep = uuid_equal(id, arg);
    return ERR_OK;
}

static enum err keep_fails(void *arg, const struct uuid *id, bool *keep)
{
    (void)arg;
    (void)id;
    (void)keep;
    return ERR_UNAVAILABLE;
}

static void test_sweep(void **state)
{
    struct objects_fixture *f = *state;
    struct uuid kept = store_object(f, 100);
    struct uuid orphan = store_object(f, 100);
    struct uuid unfinished_id = uuid_at(clock_unix_ms());
    struct object_writer *unfinished = begin(f, &unfinished_id);
    size_t removed = 7;
    int64_t now = clock_unix_ms();
    assert_int_equal(f->port.sweep(f->port.self, &f->ctx, now - HOUR_MS, keep_one, &kept, &removed),
                     ERR_OK);
    assert_int_equal(removed, 0);
    assert_true(exists(f, &orphan));
    assert_int_equal(
        f->port.sweep(f->port.self, &f->ctx, now + HOUR_MS, keep_fails, NULL, &removed),
        ERR_UNAVAILABLE);
    assert_true(exists(f, &kept) && exists(f, &orphan));
    assert_int_equal(f->port.sweep(f->port.self, &f->ctx, now + HOUR_MS, keep_one, &kept, &removed),
                     ERR_OK);
    assert_true(removed >= 1);
    assert_true(exists(f, &kept));
    assert_false(exists(f, &orphan));
    f->port.abort(unfinished);
}

int contract_objects_run(const char *name, const struct objects_maker *maker)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, objects_set_up, objects_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_sizes),
        CASE(test_reads_at_offsets),
        CASE(test_visible_only_after_commit),
        CASE(test_abort_leaves_nothing),
        CASE(test_object_is_never_replaced),
        CASE(test_remove),
        CASE(test_reader_outlives_removal),
        CASE(test_sweep),
    };
    objects_choose(maker);
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
