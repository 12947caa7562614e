/* One use of the objects port on S3, for tests/aws/test_objects.py, which looks at the bucket
 * before and after. Prints one line of JSON. put ID SIZE        writes an object of SIZE bytes;
 * TIMEOUT_MS is the deadline of each call give-up ID SIZE    writes, and aborts get ID SIZE AT
 * opens, checks the size, reads 64 KiB pieces from AT to the end and checks them sweep BEFORE KEPT
 * sweeps what is older than BEFORE (Unix ms); vouches for the object KEPT */
#include "aws/s3/s3_objects.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cloud_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES (64u << 10)
#define TIMEOUT_DEFAULT_MS 60000

struct desk {
    struct cloud_client cloud;
    struct arena arena;
    struct ctx ctx;
    struct objects port;
    int64_t timeout_ms;
    unsigned rounds; /* of a sweep, each of which a deadline may have cut */
    uint8_t *piece;
    uint8_t *expected;
};

/* Bytes that differ from place to place. */
static void fill(uint8_t *data, size_t n, uint64_t offset)
{
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)((offset + i) * 2654435761u >> 13);
}

static void renew_deadline(struct desk *d)
{
    d->ctx.deadline_mono_ms = clock_mono_ms() + d->timeout_ms;
}

static enum err write_all(struct desk *d, struct object_writer *w, uint64_t size)
{
    enum err e = ERR_OK;
    for (uint64_t at = 0; e == ERR_OK && at < size; at += PIECE_BYTES) {
        size_t n = size - at < PIECE_BYTES ? (size_t)(size - at) : PIECE_BYTES;
        fill(d->piece, n, at);
        renew_deadline(d);
        e = d->port.write(w, &d->ctx, bytes_of(d->piece, n));
    }
    renew_deadline(d);
    return e;
}

static enum err put(struct desk *d, const struct uuid *id, uint64_t size, bool commit)
{
    struct object_writer *w = NULL;
    enum err e = d->port.begin(d->port.self, &d->ctx, id, &w);
    if (e == ERR_OK)
        e = write_all(d, w, size);
    if (e == ERR_OK && commit)
        return d->port.commit(w, &d->ctx);
    d->port.abort(w);
    return e;
}

static enum err read_all(struct desk *d, struct object_reader *r, uint64_t size, uint64_t at)
{
    enum err e = ERR_OK;
    size_t got = PIECE_BYTES;
    for (; e == ERR_OK && got == PIECE_BYTES; at += got) {
        renew_deadline(d);
        e = d->port.read(r, &d->ctx, at, d->piece, PIECE_BYTES, &got);
        fill(d->expected, got, at);
        if (e == ERR_OK && memcmp(d->piece, d->expected, got) != 0)
            return ERR_LETTER_DAMAGED;
    }
    return e == ERR_OK && at != size ? ERR_LETTER_DAMAGED : e;
}

static enum err get(struct desk *d, const struct uuid *id, uint64_t size, uint64_t at)
{
    struct object_reader *r = NULL;
    uint64_t found = 0;
    enum err e = d->port.open(d->port.self, &d->ctx, id, &r, &found);
    if (e == ERR_OK)
        e = found == size ? read_all(d, r, size, at) : ERR_LETTER_DAMAGED;
    d->port.close(r);
    return e;
}

static enum err keep_one(void *arg, const struct uuid *id, bool *keep)
{
    *keep = uuid_equal(id, arg);
    return ERR_OK;
}

/* Goes on after a deadline, as the server does. */
static enum err sweep(struct desk *d, int64_t before, struct uuid *kept, size_t *removed)
{
    enum err e;
    int64_t end_mono_ms = clock_mono_ms() + TIMEOUT_DEFAULT_MS;
    *removed = 0;
    do {
        size_t more = 0;
        d->rounds++;
        renew_deadline(d);
        e = d->port.sweep(d->port.self, &d->ctx, before, keep_one, kept, &more);
        *removed += more;
    } while (e == ERR_DEADLINE && clock_mono_ms() < end_mono_ms);
    return e;
}

static int usage(void)
{
    (void)fprintf(stderr, "put|give-up ID SIZE, get ID SIZE AT, sweep BEFORE KEPT\n");
    return 2;
}

static uint64_t number(const char *text)
{
    uint64_t value = 0;
    if (!bytes_to_u64(bytes_of_str(text), INT64_MAX, &value))
        exit(usage());
    return value;
}

static enum err run(struct desk *d, int argc, char **argv, size_t *removed)
{
    struct uuid id;
    bool sweeps = strcmp(argv[1], "sweep") == 0;
    if (!uuid_parse(bytes_of_str(argv[sweeps ? 3 : 2]), &id))
        exit(usage());
    renew_deadline(d);
    if (sweeps)
        return sweep(d, (int64_t)number(argv[2]), &id, removed);
    if (argc == 5 && strcmp(argv[1], "get") == 0)
        return get(d, &id, number(argv[3]), number(argv[4]));
    return put(d, &id, number(argv[3]), strcmp(argv[1], "put") == 0);
}

/* Not getrusage's, which counts what the parent used before it became this program. */
static long peak_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && kib < 0 && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    }
    if (status != NULL)
        (void)fclose(status);
    return kib;
}

int main(int argc, char **argv)
{
    struct desk d = {.timeout_ms = TIMEOUT_DEFAULT_MS};
    const char *timeout_ms = getenv("TIMEOUT_MS");
    size_t removed = 0;
    if (argc < 4)
        return usage();
    if (timeout_ms != NULL)
        d.timeout_ms = (int64_t)number(timeout_ms);
    cloud_client_init(&d.cloud);
    arena_init(&d.arena);
    ctx_init(&d.ctx, &d.arena, d.timeout_ms);
    d.piece = mem_alloc(PIECE_BYTES);
    d.expected = mem_alloc(PIECE_BYTES);
    struct s3_objects *objects = s3_objects_create(d.cloud.client);
    d.port = s3_objects_port(objects);
    enum err e = run(&d, argc, argv, &removed);
    (void)printf("{\"error\": \"%s\", \"requests\": %llu, \"removed\": %zu, \"rounds\": %u, "
                 "\"peak_kib\": %ld}\n",
                 err_code(e), (unsigned long long)aws_client_count(d.cloud.client, AWS_S3), removed,
                 d.rounds, peak_kib());
    s3_objects_destroy(objects);
    mem_free(d.expected);
    mem_free(d.piece);
    arena_fini(&d.arena);
    cloud_client_fini(&d.cloud);
    return 0;
}
