/* Any path and query signed: a query means the same with its parts the other way round. */
#include "fuzz.h"

#include "aws/client/signer.h"

#define SIGNED_MAX_BYTES ((size_t)4 << 10)

static const struct aws_credentials credentials = {.access_key_id = "AKID",
                                                   .secret_access_key = "secret"};

static enum err sign(struct bytes path, struct bytes query, uint8_t flags, struct buffer *out)
{
    const struct signer_header host = {"host", BYTES_LIT("a.example")};
    const struct signer_request request = {
        .method = "GET", .path = path, .query = query, .headers = &host, .header_count = 1};
    const struct signer_scope scope = {.region = "us-east-1",
                                       .service = "s3",
                                       .encode_path_once = (flags & 1) != 0,
                                       .normalize_path = (flags & 2) != 0};
    return signer_authorization(&request, &scope, &credentials, out);
}

static void reverse_parts(struct buffer *out, struct bytes query)
{
    size_t end = query.n;
    for (size_t i = query.n; i > 0; i--) {
        if (query.p[i - 1] != '&')
            continue;
        buffer_append(out, bytes_slice(query, i, end - i));
        buffer_append_u8(out, '&');
        end = i - 1;
    }
    buffer_append(out, bytes_slice(query, 0, end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    uint8_t flags = fuzz_take_byte(&input);
    size_t mark = bytes_find(input, '?', 0);
    struct bytes path = bytes_slice(input, 0, mark);
    struct bytes query = mark == SIZE_MAX ? (struct bytes){0} : bytes_slice(input, mark + 1, size);
    struct buffer first;
    struct buffer second;
    struct buffer reversed;
    buffer_init(&first, SIGNED_MAX_BYTES);
    buffer_init(&second, SIGNED_MAX_BYTES);
    buffer_init(&reversed, size + 1);
    reverse_parts(&reversed, query);
    enum err e = sign(path, query, flags, &first);
    fuzz_require(e == ERR_OK || e == ERR_INVALID_FIELD);
    fuzz_require(sign(path, buffer_bytes(&reversed), flags, &second) == e);
    if (e == ERR_OK)
        fuzz_require(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
    buffer_fini(&reversed);
    buffer_fini(&second);
    buffer_fini(&first);
    return 0;
}
