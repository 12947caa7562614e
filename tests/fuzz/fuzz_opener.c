/* A message of ours that the input changes, opened with the right key: whatever the change, it is
 * refused, and what came out before is a beginning of the plaintext. Raw bytes would never get past
 * the first tag. Input: plaintext length, size of the pieces, then edits of four bytes each (kind,
 * offset, value). */
#include "fuzz.h"

#include "envelope/fixed_inputs.h"
#include "envelope/opener.h"
#include "envelope/sealer.h"
#include "envelope/validator.h"

#include <string.h>

#define FRAME_BYTES 32u
#define MAX_BYTES 8192u

static const struct secret data_key = {{1}};
static const uint8_t message_id[HEADER_MESSAGE_ID_BYTES] = {2};
static const struct edk any_edk = {{(const uint8_t *)"p", 1}, {0}, {0}};

static void seal(struct bytes plaintext, struct buffer *out)
{
    struct sealer_message message = {.edks = &any_edk, .edk_count = 1, .frame_length = FRAME_BYTES};
    struct sealer sealer;
    enum err e = sealer_init_fixed(&sealer, &message, &data_key, message_id, out);
    fuzz_require(e == ERR_OK && sealer_finish(&sealer, plaintext, out) == ERR_OK);
    sealer_fini(&sealer);
}

static void edit(struct buffer *sealed, uint8_t kind, size_t offset, uint8_t value)
{
    if (offset >= sealed->n)
        return;
    switch (kind % 4) {
    case 0:
        sealed->p[offset] ^= value;
        break;
    case 1:
        sealed->n = offset;
        break;
    case 2:
        buffer_append_u8(sealed, value);
        break;
    default: /* a part of the message once more, somewhere else */
        if (offset + value <= sealed->n)
            memmove(sealed->p + offset, sealed->p + sealed->n - value, value);
        break;
    }
}

/* Opens in pieces; *out is what was given out. */
static enum envelope_reason open_pieces(struct bytes sealed, size_t piece, struct buffer *out)
{
    struct header header;
    struct opener opener = {0};
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    enum err e = header_parse(sealed, &header, &reason);
    if (e == ERR_OK)
        e = opener_init(&opener, &header, &data_key, &reason);
    for (size_t at = header.length; e == ERR_OK && at < sealed.n; at += piece)
        e = opener_push(&opener, bytes_slice(sealed, at, piece), out, &reason);
    if (e == ERR_OK)
        e = opener_finish(&opener, &reason);
    fuzz_require((e == ERR_OK) == (reason == ENVELOPE_REASON_NONE));
    opener_fini(&opener);
    return reason;
}

/* Whoever has no key must not refuse what opens. */
static void check_validator(struct bytes sealed, size_t plaintext_length)
{
    struct header header;
    struct validator validator;
    uint64_t n = 0;
    fuzz_require(header_parse(sealed, &header, NULL) == ERR_OK);
    validator_init(&validator, header.frame_length);
    struct bytes frames = bytes_slice(sealed, header.length, SIZE_MAX);
    fuzz_require(validator_push(&validator, frames, NULL) == ERR_OK);
    fuzz_require(validator_finish(&validator, &n, NULL) == ERR_OK && n == plaintext_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t text[UINT8_MAX];
    struct bytes input = bytes_of(data, size);
    struct bytes plaintext = bytes_of(text, fuzz_take_byte(&input));
    size_t piece = fuzz_take_byte(&input) + 1u;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)i;
    struct buffer original;
    struct buffer sealed;
    struct buffer out;
    struct buffer again;
    buffer_init(&original, MAX_BYTES);
    buffer_init(&sealed, MAX_BYTES);
    buffer_init(&out, MAX_BYTES);
    buffer_init(&again, MAX_BYTES);
    seal(plaintext, &original);
    buffer_append(&sealed, buffer_bytes(&original));
    for (; input.n >= 4; input = bytes_slice(input, 4, SIZE_MAX))
        edit(&sealed, input.p[0], (size_t)input.p[1] << 8 | input.p[2], input.p[3]);
    enum envelope_reason reason = open_pieces(buffer_bytes(&sealed), piece, &out);
    fuzz_require(reason == open_pieces(buffer_bytes(&sealed), SIZE_MAX / 2, &again));
    fuzz_require(bytes_equal(buffer_bytes(&out), buffer_bytes(&again)));
    fuzz_require(bytes_starts_with(plaintext, buffer_bytes(&out)));
    bool same = bytes_equal(buffer_bytes(&sealed), buffer_bytes(&original));
    fuzz_require((reason == ENVELOPE_REASON_NONE) == same);
    if (same) {
        fuzz_require(out.n == plaintext.n);
        check_validator(buffer_bytes(&sealed), plaintext.n);
    }
    buffer_fini(&original);
    buffer_fini(&sealed);
    buffer_fini(&out);
    buffer_fini(&again);
    return 0;
}
