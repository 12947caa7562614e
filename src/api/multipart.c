#include "api/multipart.h"

#include "api/multipart_head.h"
#include "base/ascii.h"

#include <string.h>

#define CRLF_BYTES 2u
/* White space that may follow a boundary on its line. */
#define PADDING_MAX 64u

static bool is_boundary(struct bytes b)
{
    if (b.n == 0 || b.n > MULTIPART_BOUNDARY_MAX || b.p[b.n - 1] == ' ')
        return false;
    for (size_t i = 0; i < b.n; i++) {
        uint8_t c = b.p[i];
        if (!ascii_is_alphanumeric(c) && (c == 0 || strchr("'()+_,-./:=? ", c) == NULL))
            return false;
    }
    return true;
}

struct boundary {
    bool found;
    struct bytes value;
};

static bool take_parameter(void *self, struct bytes name, struct bytes value)
{
    struct boundary *boundary = self;
    if (!bytes_equal_nocase(name, BYTES_LIT("boundary")))
        return true;
    bool first = !boundary->found;
    *boundary = (struct boundary){true, value};
    return first;
}

enum err multipart_init(struct multipart *m, struct bytes content_type,
                        const struct multipart_receiver *receiver, void *self)
{
    *m = (struct multipart){.receiver = receiver, .self = self};
    /* The first delimiter may open the body without the CRLF before it. */
    m->matched = CRLF_BYTES;
    buffer_init(&m->line, MULTIPART_HEADERS_MAX);
    size_t semicolon = bytes_find(content_type, ';', 0);
    struct bytes type = bytes_trim(bytes_slice(content_type, 0, semicolon));
    if (!bytes_equal_nocase(type, BYTES_LIT("multipart/form-data")))
        return ERR_UNSUPPORTED_MEDIA_TYPE;
    struct boundary boundary = {0};
    if (!multipart_head_parameters(bytes_slice(content_type, semicolon, content_type.n),
                                   take_parameter, &boundary) ||
        !is_boundary(boundary.value))
        return ERR_INVALID_MULTIPART;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.value.p, boundary.value.n);
    m->delimiter_n = 4 + boundary.value.n;
    return ERR_OK;
}

void multipart_fini(struct multipart *m)
{
    buffer_fini(&m->line);
}

/* Data goes out in a part; before the first one it is dropped. */
static enum err give_data(struct multipart *m, const uint8_t *p, size_t n)
{
    if (n == 0 || m->state != MULTIPART_DATA)
        return ERR_OK;
    return m->receiver->data(m->self, bytes_of(p, n));
}

static enum err finish_delimiter(struct multipart *m)
{
    enum multipart_state before = m->state;
    m->state = MULTIPART_AFTER_DELIMITER;
    m->matched = 0;
    buffer_clear(&m->line);
    return before == MULTIPART_DATA ? m->receiver->end(m->self) : ERR_OK;
}

/* Goes on with a delimiter of which some bytes were seen. When it turns out to be none, those bytes
 * were data: a CR occurs only at its start, so no other delimiter can have begun in them. */
static enum err continue_match(struct multipart *m, struct bytes *chunk)
{
    size_t i = 0;
    while (i < chunk->n && m->matched < m->delimiter_n && chunk->p[i] == m->delimiter[m->matched]) {
        m->matched++;
        i++;
    }
    bool failed = i < chunk->n && m->matched < m->delimiter_n;
    *chunk = bytes_slice(*chunk, i, chunk->n);
    if (m->matched == m->delimiter_n)
        return finish_delimiter(m);
    if (!failed)
        return ERR_OK;
    size_t data_n = m->matched;
    m->matched = 0;
    return give_data(m, m->delimiter, data_n);
}

/* The offset of the first place where the delimiter begins in the chunk, or could if it goes on
 * behind its end; chunk.n when there is none. */
static size_t find_delimiter(const struct multipart *m, struct bytes chunk)
{
    size_t i = 0;
    while (i < chunk.n) {
        if (chunk.p[i] != '\r') {
            const uint8_t *cr = memchr(chunk.p + i, '\r', chunk.n - i);
            if (cr == NULL)
                return chunk.n;
            i = (size_t)(cr - chunk.p);
        }
        size_t left = chunk.n - i;
        /* The second byte first: data full of CRs must not cost a call each. */
        bool may_match = left == 1 || chunk.p[i + 1] == '\n';
        if (may_match &&
            memcmp(chunk.p + i, m->delimiter, left < m->delimiter_n ? left : m->delimiter_n) == 0)
            return i;
        i++;
    }
    return chunk.n;
}

/* Data or preamble, up to and with the next delimiter. */
static enum err take_data(struct multipart *m, struct bytes *chunk)
{
    if (m->matched > 0)
        return continue_match(m, chunk);
    size_t n = find_delimiter(m, *chunk);
    enum err e = give_data(m, chunk->p, n);
    *chunk = bytes_slice(*chunk, n, chunk->n);
    return e == ERR_OK && chunk->n > 0 ? continue_match(m, chunk) : e;
}

/* Behind a delimiter: two hyphens for the end, or padding and CRLF for another part. */
static enum err take_after_delimiter(struct multipart *m, struct bytes *chunk)
{
    uint8_t c = chunk->p[0];
    *chunk = bytes_slice(*chunk, 1, chunk->n);
    buffer_append_u8(&m->line, c);
    struct bytes line = buffer_bytes(&m->line);
    if (bytes_equal(line, BYTES_LIT("--"))) {
        m->state = MULTIPART_EPILOGUE;
        return ERR_OK;
    }
    uint8_t before = line.n > 1 ? line.p[line.n - 2] : ' ';
    if (c == '\n' && before == '\r') {
        m->state = MULTIPART_HEADERS;
        buffer_clear(&m->line);
        return ++m->parts <= MULTIPART_PARTS_MAX ? ERR_OK : ERR_INVALID_MULTIPART;
    }
    bool padding = (c == ' ' || c == '\t') && before != '\r' && before != '-';
    bool legal =
        padding || (c == '\r' && before != '\r' && before != '-') || (c == '-' && line.n == 1);
    return legal && line.n <= PADDING_MAX ? ERR_OK : ERR_INVALID_MULTIPART;
}

static enum err start_part(struct multipart *m)
{
    struct buffer text;
    buffer_init(&text, MULTIPART_HEADERS_MAX);
    struct multipart_part part;
    enum err e =
        multipart_head_parse(bytes_slice(buffer_bytes(&m->line), 0, m->line.n - 2), &text, &part);
    if (e == ERR_OK)
        e = m->receiver->part(m->self, &part);
    buffer_fini(&text);
    buffer_clear(&m->line);
    m->state = MULTIPART_DATA;
    return e;
}

/* Gathers the header block up to its empty line. */
static enum err take_headers(struct multipart *m, struct bytes *chunk)
{
    size_t lf = bytes_find(*chunk, '\n', 0);
    size_t n = lf == SIZE_MAX ? chunk->n : lf + 1;
    buffer_append(&m->line, bytes_slice(*chunk, 0, n));
    *chunk = bytes_slice(*chunk, n, chunk->n);
    if (!buffer_ok(&m->line))
        return ERR_INVALID_MULTIPART;
    struct bytes block = buffer_bytes(&m->line);
    if (bytes_equal(block, BYTES_LIT("\r\n")))
        return ERR_INVALID_MULTIPART;
    bool complete = block.n >= 4 && memcmp(block.p + block.n - 4, "\r\n\r\n", 4) == 0;
    return complete ? start_part(m) : ERR_OK;
}

static enum err take(struct multipart *m, struct bytes *chunk)
{
    switch (m->state) {
    case MULTIPART_PREAMBLE:
    case MULTIPART_DATA:
        return take_data(m, chunk);
    case MULTIPART_AFTER_DELIMITER:
        return take_after_delimiter(m, chunk);
    case MULTIPART_HEADERS:
        return take_headers(m, chunk);
    case MULTIPART_EPILOGUE:
        *chunk = (struct bytes){0};
        break;
    }
    return ERR_OK;
}

enum err multipart_feed(struct multipart *m, struct bytes chunk, bool last)
{
    enum err e = ERR_OK;
    while (chunk.n > 0 && e == ERR_OK)
        e = take(m, &chunk);
    if (e == ERR_OK && last && m->state != MULTIPART_EPILOGUE)
        e = ERR_INVALID_MULTIPART;
    return e;
}
