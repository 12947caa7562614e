/* The part of the contract of ports/objects.h about drafts; see contract_objects.h. */
#include "contract_objects.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR_MS (3600 * (int64_t)1000)
#define MIB ((size_t)1 << 20)

static struct object_draft *open_draft(struct objects_fixture *f)
{
    struct object_draft *draft = NULL;
    assert_int_equal(f->port.draft_open(f->port.self, &f->ctx, &f->place, &draft), ERR_OK);
    return draft;
}

static void write_at(struct objects_fixture *f, struct object_draft *draft, uint64_t offset,
                     size_t n)
{
    uint8_t *data = mem_alloc(n);
    objects_fill(data, n, offset);
    assert_int_equal(f->port.draft_write(draft, &f->ctx, bytes_of(data, n)), ERR_OK);
    mem_free(data);
}

/* One request: opens, writes n bytes in steps, makes them durable. */
static void grow(struct objects_fixture *f, size_t n, size_t step)
{
    struct object_draft *draft = open_draft(f);
    uint64_t at = f->place.size;
    uint64_t end = at + n;
    while (at < end) {
        size_t now = end - at < step ? (size_t)(end - at) : step;
        write_at(f, draft, at, now);
        at += now;
    }
    assert_int_equal(f->port.draft_sync(draft, &f->ctx, &f->place), ERR_OK);
    assert_int_equal(f->place.size, end);
    f->port.draft_close(draft);
}

static enum err commit(struct objects_fixture *f)
{
    return f->port.draft_commit(f->port.self, &f->ctx, &f->place);
}

static enum err open_object(struct objects_fixture *f, struct object_reader **out, uint64_t *size)
{
    return f->port.open(f->port.self, &f->ctx, &f->place.id, out, size);
}

static void assert_no_object(struct objects_fixture *f)
{
    struct object_reader *r = NULL;
    uint64_t size = 0;
    assert_int_equal(open_object(f, &r, &size), ERR_NOT_FOUND);
}

static void assert_object(struct objects_fixture *f, uint64_t expected_size)
{
    struct object_reader *r = NULL;
    uint64_t size = 0;
    uint8_t *got_bytes = mem_alloc(MIB);
    uint8_t *expected = mem_alloc(MIB);
    assert_int_equal(open_object(f, &r, &size), ERR_OK);
    assert_int_equal(size, expected_size);
    for (uint64_t at = 0; at < size;) {
        size_t got = 0;
        assert_int_equal(f->port.read(r, &f->ctx, at, got_bytes, MIB, &got), ERR_OK);
        assert_true(got > 0);
        objects_fill(expected, got, at);
        assert_memory_equal(got_bytes, expected, got);
        at += got;
    }
    f->port.close(r);
    mem_free(expected);
    mem_free(got_bytes);
}

static void test_draft_grows_and_becomes_an_object(void **state)
{
    struct objects_fixture *f = *state;
    const size_t steps[] = {1, 70000, MIB, 9 * MIB, 4 * MIB + 7, 9 * MIB - 7, 13};
    uint64_t size = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        grow(f, steps[i], MIB - 3);
        assert_no_object(f);
        size += steps[i];
    }
    assert_int_equal(commit(f), ERR_OK);
    assert_object(f, size);
    assert_int_equal(commit(f), ERR_OK);
    assert_int_equal(f->port.draft_remove(f->port.self, &f->ctx, &f->place), ERR_OK);
    assert_object(f, size);
}

static void test_small_draft(void **state)
{
    struct objects_fixture *f = *state;
    grow(f, 10, 3);
    assert_int_equal(commit(f), ERR_OK);
    assert_object(f, 10);
    assert_int_equal(commit(f), ERR_OK);
}

/* What was not made durable comes again, from the last place on. */
static void test_bytes_that_were_not_synced_come_again(void **state)
{
    struct objects_fixture *f = *state;
    grow(f, 6 * MIB, MIB);
    struct object_draft *lost = open_draft(f);
    write_at(f, lost, f->place.size, 5 * MIB);
    f->port.draft_close(lost);
    f->port.draft_close(NULL);
    grow(f, 9 * MIB, 2 * MIB);
    assert_int_equal(commit(f), ERR_OK);
    assert_object(f, 15 * MIB);
}

/* A request that was given up goes on for a while beside its successor. */
static void test_two_write_the_same(void **state)
{
    struct objects_fixture *f = *state;
    grow(f, 5 * MIB, MIB);
    struct object_draft_place behind = f->place;
    struct object_draft *slow = open_draft(f);
    write_at(f, slow, behind.size, 4 * MIB);
    grow(f, 11 * MIB, 3 * MIB);
    assert_int_equal(f->port.draft_sync(slow, &f->ctx, &behind), ERR_OK);
    grow(f, MIB, MIB);
    f->port.draft_close(slow);
    assert_int_equal(commit(f), ERR_OK);
    assert_object(f, 17 * MIB);
}

/* A request that was given up before it wrote anything opens the draft once it is an object. */
static void test_late_opening_does_not_hide_the_object(void **state)
{
    struct objects_fixture *f = *state;
    struct object_draft_place behind = f->place;
    struct object_draft *late = NULL;
    grow(f, MIB, MIB);
    assert_int_equal(commit(f), ERR_OK);
    assert_int_equal(f->port.draft_open(f->port.self, &f->ctx, &behind, &late), ERR_OK);
    f->port.draft_close(late);
    assert_int_equal(commit(f), ERR_OK);
    assert_object(f, MIB);
}

static void test_removed_draft_is_gone(void **state)
{
    struct objects_fixture *f = *state;
    grow(f, 9 * MIB, MIB);
    assert_int_equal(f->port.draft_remove(f->port.self, &f->ctx, &f->place), ERR_OK);
    assert_int_equal(f->port.draft_remove(f->port.self, &f->ctx, &f->place), ERR_OK);
    struct object_draft *draft = NULL;
    assert_int_equal(f->port.draft_open(f->port.self, &f->ctx, &f->place, &draft), ERR_NOT_FOUND);
    assert_int_equal(commit(f), ERR_NOT_FOUND);
    assert_no_object(f);
}

static enum err keep_one(void *arg, const struct uuid *id, bool *keep)
{
    *keep = uuid_equal(id, arg);
    return ERR_OK;
}

static void test_sweep_keeps_drafts_that_are_vouched_for(void **state)
{
    struct objects_fixture *f = *state;
    struct object_draft_place kept = f->place;
    size_t removed = 0;
    grow(f, MIB, MIB);
    kept = f->place;
    assert_int_equal(f->port.sweep(f->port.self, &f->ctx, clock_unix_ms() + HOUR_MS, keep_one,
                                   &kept.id, &removed),
                     ERR_OK);
    grow(f, MIB, MIB);
    assert_int_equal(commit(f), ERR_OK);
    assert_object(f, 2 * MIB);
}

int contract_drafts_run(const char *name, const struct objects_maker *maker)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, objects_set_up, objects_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_draft_grows_and_becomes_an_object),       CASE(test_small_draft),
        CASE(test_bytes_that_were_not_synced_come_again),   CASE(test_two_write_the_same),
        CASE(test_late_opening_does_not_hide_the_object),   CASE(test_removed_draft_is_gone),
        CASE(test_sweep_keeps_drafts_that_are_vouched_for),
    };
    objects_choose(maker);
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
