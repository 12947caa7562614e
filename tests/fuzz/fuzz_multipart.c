/* The multipart parser on arbitrary bytes: whatever the chunking, it hands out the same. */
#include "api/multipart.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

#define OUT_MAX (1u << 20)

struct run {
    struct buffer out;
    unsigned open; /* parts begun and not ended */
};

static enum err on_part(void *self, const struct multipart_part *part)
{
    struct run *run = self;
    assert(run->open++ == 0);
    buffer_append_u8(&run->out, '<');
    buffer_append(&run->out, part->name);
    buffer_append_u8(&run->out, part->has_filename ? '|' : '>');
    buffer_append(&run->out, part->filename);
    buffer_append(&run->out, part->content_type);
    return ERR_OK;
}

static enum err on_data(void *self, struct bytes data)
{
    struct run *run = self;
    assert(run->open == 1 && data.n > 0);
    buffer_append(&run->out, data);
    return ERR_OK;
}

static enum err on_end(void *self)
{
    struct run *run = self;
    assert(run->open-- == 1);
    buffer_append_str(&run->out, "</>");
    return ERR_OK;
}

static enum err parse(struct run *run, struct bytes type, struct bytes body, size_t step)
{
    static const struct multipart_receiver receiver = {on_part, on_data, on_end};
    *run = (struct run){0};
    buffer_init(&run->out, OUT_MAX);
    struct multipart m;
    enum err e = multipart_init(&m, type, &receiver, run);
    bool last = false;
    for (size_t at = 0; e == ERR_OK && !last; at += step) {
        last = body.n - at <= step;
        e = multipart_feed(&m, bytes_slice(body, at, step), last);
    }
    multipart_fini(&m);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first byte is the step of the second run; a line with the Content-Type may follow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1)
        return 0;
    struct bytes input = bytes_of(data + 1, n - 1);
    size_t line = bytes_find(input, '\n', 0);
    bool own_type = (data[0] & 1) != 0 && line != SIZE_MAX;
    struct bytes type =
        own_type ? bytes_slice(input, 0, line) : BYTES_LIT("multipart/form-data; boundary=b");
    struct bytes body = own_type ? bytes_slice(input, line + 1, n) : input;
    struct run whole;
    struct run cut;
    enum err e = parse(&whole, type, body, SIZE_MAX / 2);
    assert(parse(&cut, type, body, 1u + (data[0] >> 1)) == e);
    assert(bytes_equal(buffer_bytes(&whole.out), buffer_bytes(&cut.out)));
    buffer_fini(&whole.out);
    buffer_fini(&cut.out);
    return 0;
}
