#include "envelope/frames.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <string.h>

#define FINAL_MARKER 0xffffffffu
#define LABEL_REGULAR "AWSKMSEncryptionClient Frame"
#define LABEL_FINAL "AWSKMSEncryptionClient Final Frame"
#define AAD_MAX_BYTES (HEADER_MESSAGE_ID_BYTES + sizeof LABEL_FINAL - 1 + 4 + 8)

struct frames_run frames_take(struct frames_run *run, size_t n)
{
    struct frames_run taken = {.head = bytes_slice(run->head, 0, n)};
    taken.tail = bytes_slice(run->tail, 0, n - taken.head.n);
    run->head = bytes_slice(run->head, taken.head.n, SIZE_MAX);
    run->tail = bytes_slice(run->tail, taken.tail.n, SIZE_MAX);
    return taken;
}

void frames_copy(struct frames_run run, uint8_t *out)
{
    if (run.head.n > 0)
        memcpy(out, run.head.p, run.head.n);
    if (run.tail.n > 0)
        memcpy(out + run.head.n, run.tail.p, run.tail.n);
}

size_t frames_length(struct frames_run run)
{
    return run.head.n + run.tail.n;
}

size_t frames_prefix_bytes(bool final)
{
    return final ? FRAMES_FINAL_PREFIX_BYTES : FRAMES_REGULAR_PREFIX_BYTES;
}

size_t frames_frame_bytes(const struct frame *frame)
{
    return frames_prefix_bytes(frame->final) + frame->length + FRAME_TAG_BYTES;
}

static uint8_t *put_u32(uint8_t *p, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (uint8_t)(v >> shift);
    return p;
}

/* Eight zero bytes and the sequence number. */
static void iv_of(uint32_t sequence, uint8_t iv[FRAME_IV_BYTES])
{
    memset(iv, 0, FRAME_IV_BYTES);
    (void)put_u32(iv + FRAME_IV_BYTES - 4, sequence);
}

static enum envelope_reason check_prefix(const struct frame *frame, uint32_t expected_sequence,
                                         uint32_t frame_length, struct bytes stored_iv)
{
    if (frame->sequence != expected_sequence)
        return ENVELOPE_REASON_FRAME_SEQUENCE;
    uint8_t iv[FRAME_IV_BYTES];
    iv_of(expected_sequence, iv);
    if (!bytes_equal(stored_iv, bytes_of(iv, sizeof iv)))
        return ENVELOPE_REASON_FRAME_IV;
    return frame->length > frame_length ? ENVELOPE_REASON_FINAL_FRAME_LENGTH : ENVELOPE_REASON_NONE;
}

size_t frames_read_prefix(struct bytes data, uint32_t expected_sequence, uint32_t frame_length,
                          struct frame *frame, enum envelope_reason *reason)
{
    *reason = ENVELOPE_REASON_NONE;
    if (data.n < FRAMES_MARKER_BYTES)
        return FRAMES_MARKER_BYTES;
    struct cursor c = cursor_of(data);
    uint32_t first = cursor_u32(&c);
    bool final = first == FINAL_MARKER;
    if (data.n < frames_prefix_bytes(final))
        return frames_prefix_bytes(final);
    *frame = (struct frame){.sequence = first, .final = final, .length = frame_length};
    if (final)
        frame->sequence = cursor_u32(&c);
    struct bytes iv = cursor_take(&c, FRAME_IV_BYTES);
    if (final)
        frame->length = cursor_u32(&c);
    *reason = check_prefix(frame, expected_sequence, frame_length, iv);
    return 0;
}

static uint8_t *write_prefix(const struct frame *frame, uint8_t *p)
{
    if (frame->final)
        p = put_u32(p, FINAL_MARKER);
    p = put_u32(p, frame->sequence);
    iv_of(frame->sequence, p);
    p += FRAME_IV_BYTES;
    return frame->final ? put_u32(p, frame->length) : p;
}

/* Starts the cipher for one frame: IV, and message id || label || sequence || u64 length. */
static void start(struct gcm *gcm, const uint8_t *message_id, const struct frame *frame)
{
    struct bytes label = frame->final ? BYTES_LIT(LABEL_FINAL) : BYTES_LIT(LABEL_REGULAR);
    uint8_t aad[AAD_MAX_BYTES];
    uint8_t *p = aad;
    memcpy(p, message_id, HEADER_MESSAGE_ID_BYTES);
    p += HEADER_MESSAGE_ID_BYTES;
    memcpy(p, label.p, label.n);
    p += label.n;
    p = put_u32(p, frame->sequence);
    p = put_u32(p, 0);
    p = put_u32(p, frame->length);
    uint8_t iv[FRAME_IV_BYTES];
    iv_of(frame->sequence, iv);
    gcm_start(gcm, iv);
    gcm_aad(gcm, bytes_of(aad, (size_t)(p - aad)));
}

/* Passes a run through the cipher without joining it first. */
static void update(struct gcm *gcm, struct frames_run run, uint8_t *out)
{
    gcm_update(gcm, run.head, out);
    gcm_update(gcm, run.tail, out + run.head.n);
}

void frames_seal(struct gcm *gcm, const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                 const struct frame *frame, struct frames_run plaintext, uint8_t *out)
{
    uint8_t *ciphertext = write_prefix(frame, out);
    start(gcm, message_id, frame);
    update(gcm, plaintext, ciphertext);
    gcm_tag(gcm, ciphertext + frame->length);
}

bool frames_open(struct gcm *gcm, const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                 const struct frame *frame, struct frames_run rest, uint8_t *out)
{
    struct frames_run ciphertext = frames_take(&rest, frame->length);
    uint8_t tag[FRAME_TAG_BYTES];
    frames_copy(rest, tag);
    start(gcm, message_id, frame);
    update(gcm, ciphertext, out);
    if (gcm_check(gcm, tag))
        return true;
    mem_cleanse(out, frame->length);
    return false;
}
