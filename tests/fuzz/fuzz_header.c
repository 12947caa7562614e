/* Any bytes as the beginning of a message. */
#include "fuzz.h"

#include "envelope/header.h"

/* What was accepted is written back as the same bytes, its tag apart. */
static void check_rewrite(const struct header *header)
{
    struct header_fields fields = {
        .aad = header->aad,
        .edks = header->edks,
        .edk_count = header->edk_count,
        .frame_length = header->frame_length,
    };
    for (size_t i = 0; i < HEADER_MESSAGE_ID_BYTES; i++)
        fields.message_id[i] = header->message_id[i];
    struct buffer out;
    buffer_init(&out, HEADER_MAX_BYTES);
    fuzz_require(header_write(&fields, header->commitment, &out) == ERR_OK);
    fuzz_require(bytes_equal(buffer_bytes(&out), header->authenticated));
    fuzz_require(out.n + HEADER_TAG_BYTES == header->length);
    buffer_fini(&out);
}

/* A stream that comes bit by bit is judged as the whole is. */
static void check_stream(struct bytes data, enum err whole, size_t length)
{
    struct header header;
    size_t need = 0;
    enum envelope_reason reason;
    enum header_scan scan;
    while ((scan = header_scan(bytes_slice(data, 0, need), &header, &need, &reason)) ==
               HEADER_NEEDS_MORE &&
           need <= data.n) {
    }
    fuzz_require((scan == HEADER_COMPLETE) == (whole == ERR_OK));
    fuzz_require(scan != HEADER_COMPLETE || header.length == length);
    fuzz_require(scan != HEADER_NEEDS_MORE || need <= HEADER_MAX_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header header;
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    enum err e = header_parse(bytes_of(data, size), &header, &reason);
    fuzz_require((e == ERR_OK) == (reason == ENVELOPE_REASON_NONE));
    check_stream(bytes_of(data, size), e, header.length);
    if (e == ERR_OK)
        check_rewrite(&header);
    return 0;
}
