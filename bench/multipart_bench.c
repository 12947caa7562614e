/* How fast the multipart parser passes data on: random bytes, text with CRLF lines, and its worst
 * case, bytes that all look like the start of a delimiter. */
#include "api/multipart.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES (256u << 10)
#define CHUNKS 4096u
#define LINE_BYTES 72u

static enum err on_part(void *self, const struct multipart_part *part)
{
    (void)self;
    (void)part;
    return ERR_OK;
}

static enum err on_data(void *self, struct bytes data)
{
    *(uint64_t *)self += data.n;
    return ERR_OK;
}

static enum err on_end(void *self)
{
    (void)self;
    return ERR_OK;
}

static void measure(const char *name, struct bytes chunk)
{
    static const struct multipart_receiver receiver = {on_part, on_data, on_end};
    uint64_t passed = 0;
    struct multipart m;
    enum err e = multipart_init(
        &m, BYTES_LIT("multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"),
        &receiver, &passed);
    if (e == ERR_OK)
        e = multipart_feed(&m,
                           BYTES_LIT("------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
                                     "Content-Disposition: form-data; name=\"file\"\r\n\r\n"),
                           false);
    int64_t start = clock_mono_ns();
    for (unsigned i = 0; i < CHUNKS && e == ERR_OK; i++)
        e = multipart_feed(&m, chunk, false);
    double seconds = (double)(clock_mono_ns() - start) / 1e9;
    multipart_fini(&m);
    printf("%-12s %6.2f GB/s%s\n", name, (double)passed / 1e9 / seconds,
           e == ERR_OK ? "" : " (failed)");
}

int main(void)
{
    uint8_t *chunk = mem_alloc(CHUNK_BYTES);
    random_bytes(chunk, CHUNK_BYTES);
    measure("random", bytes_of(chunk, CHUNK_BYTES));
    memset(chunk, 'x', CHUNK_BYTES);
    for (size_t i = LINE_BYTES; i < CHUNK_BYTES; i += LINE_BYTES)
        memcpy(chunk + i - 2, "\r\n", 2);
    measure("text lines", bytes_of(chunk, CHUNK_BYTES));
    memset(chunk, '\r', CHUNK_BYTES);
    measure("all CR", bytes_of(chunk, CHUNK_BYTES));
    mem_free(chunk);
    return 0;
}
