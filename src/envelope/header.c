#include "envelope/header.h"

#include "envelope/encryption_context.h"

#include "base/cursor.h"

#include <string.h>

#define VERSION 0x02u
#define SUITE 0x0478u
#define CONTENT_TYPE_FRAMED 0x02u

/* Reads fields as far as the data goes. A field that is not there yet ends the reading with what it
 * needs; a wrong one, with its reason. Both are sticky. */
struct reader {
    struct bytes data;
    size_t at;
    size_t need; /* 0: all fields so far were there */
    enum envelope_reason reason;
};

static bool stopped(const struct reader *r)
{
    return r->need != 0 || r->reason != ENVELOPE_REASON_NONE;
}

static void refuse_if(struct reader *r, bool wrong, enum envelope_reason reason)
{
    if (!stopped(r) && wrong)
        r->reason = reason;
}

static struct bytes read_bytes(struct reader *r, size_t n)
{
    refuse_if(r, r->at + n > HEADER_MAX_BYTES, ENVELOPE_REASON_HEADER_TOO_LARGE);
    if (stopped(r))
        return (struct bytes){0};
    if (n > r->data.n - r->at) {
        r->need = r->at + n;
        return (struct bytes){0};
    }
    struct bytes field = bytes_slice(r->data, r->at, n);
    r->at += n;
    return field;
}

static uint32_t read_number(struct reader *r, size_t width)
{
    struct bytes raw = read_bytes(r, width);
    uint32_t v = 0;
    for (size_t i = 0; i < raw.n; i++)
        v = v << 8 | raw.p[i];
    return v;
}

static struct bytes read_prefixed(struct reader *r)
{
    return read_bytes(r, read_number(r, 2));
}

static void copy_field(struct reader *r, uint8_t *out, size_t n)
{
    struct bytes field = read_bytes(r, n);
    if (field.n > 0)
        memcpy(out, field.p, n);
}

static void read_context(struct reader *r, struct header *header)
{
    header->aad = read_prefixed(r);
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    if (!stopped(r) && encryption_context_check(header->aad, &reason) != ERR_OK)
        r->reason = reason;
}

static void read_edks(struct reader *r, struct header *header)
{
    size_t count = read_number(r, 2);
    refuse_if(r, count == 0, ENVELOPE_REASON_EDK_COUNT_ZERO);
    refuse_if(r, count > HEADER_MAX_EDKS, ENVELOPE_REASON_EDK_COUNT_TOO_LARGE);
    for (size_t i = 0; i < count && !stopped(r); i++) {
        struct edk *edk = &header->edks[i];
        edk->provider = read_prefixed(r);
        edk->info = read_prefixed(r);
        edk->ciphertext = read_prefixed(r);
    }
    header->edk_count = count;
}

static void read_header(struct reader *r, struct header *header)
{
    refuse_if(r, read_number(r, 1) != VERSION, ENVELOPE_REASON_VERSION);
    refuse_if(r, read_number(r, 2) != SUITE, ENVELOPE_REASON_SUITE);
    copy_field(r, header->message_id, sizeof header->message_id);
    read_context(r, header);
    read_edks(r, header);
    refuse_if(r, read_number(r, 1) != CONTENT_TYPE_FRAMED, ENVELOPE_REASON_CONTENT_TYPE);
    header->frame_length = read_number(r, 4);
    refuse_if(r, header->frame_length == 0 || header->frame_length > HEADER_MAX_FRAME_LENGTH,
              ENVELOPE_REASON_FRAME_LENGTH);
    copy_field(r, header->commitment, sizeof header->commitment);
    header->authenticated = bytes_slice(r->data, 0, r->at);
    copy_field(r, header->tag, sizeof header->tag);
    header->length = r->at;
}

enum header_scan header_scan(struct bytes data, struct header *header, size_t *need,
                             enum envelope_reason *reason)
{
    *header = (struct header){0};
    struct reader r = {.data = data};
    read_header(&r, header);
    *need = r.need;
    *reason = r.reason;
    if (r.reason != ENVELOPE_REASON_NONE)
        return HEADER_MALFORMED;
    return r.need == 0 ? HEADER_COMPLETE : HEADER_NEEDS_MORE;
}

enum err header_parse(struct bytes data, struct header *header, enum envelope_reason *reason)
{
    size_t need = 0;
    enum envelope_reason why = ENVELOPE_REASON_NONE;
    if (header_scan(data, header, &need, &why) == HEADER_NEEDS_MORE)
        why = ENVELOPE_REASON_TRUNCATED;
    return envelope_reason_set(reason, why);
}

static bool edk_fits(const struct edk *edk)
{
    return edk->provider.n <= UINT16_MAX && edk->info.n <= UINT16_MAX &&
           edk->ciphertext.n <= UINT16_MAX;
}

static bool fields_valid(const struct header_fields *fields)
{
    if (fields->aad.n > ENCRYPTION_CONTEXT_MAX_BYTES || fields->edk_count == 0 ||
        fields->edk_count > HEADER_MAX_EDKS || fields->frame_length == 0 ||
        fields->frame_length > HEADER_MAX_FRAME_LENGTH)
        return false;
    size_t length = HEADER_FIXED_BYTES + fields->aad.n;
    for (size_t i = 0; i < fields->edk_count; i++) {
        const struct edk *edk = &fields->edks[i];
        if (!edk_fits(edk))
            return false;
        length += 6 + edk->provider.n + edk->info.n + edk->ciphertext.n;
    }
    return length <= HEADER_MAX_BYTES;
}

static void append_prefixed(struct buffer *out, struct bytes field)
{
    buffer_append_u16(out, (uint16_t)field.n);
    buffer_append(out, field);
}

enum err header_write(const struct header_fields *fields,
                      const uint8_t commitment[HEADER_COMMITMENT_BYTES], struct buffer *out)
{
    if (!fields_valid(fields))
        return ERR_INVALID_FIELD;
    buffer_append_u8(out, VERSION);
    buffer_append_u16(out, SUITE);
    buffer_append(out, bytes_of(fields->message_id, sizeof fields->message_id));
    append_prefixed(out, fields->aad);
    buffer_append_u16(out, (uint16_t)fields->edk_count);
    for (size_t i = 0; i < fields->edk_count; i++) {
        append_prefixed(out, fields->edks[i].provider);
        append_prefixed(out, fields->edks[i].info);
        append_prefixed(out, fields->edks[i].ciphertext);
    }
    buffer_append_u8(out, CONTENT_TYPE_FRAMED);
    buffer_append_u32(out, fields->frame_length);
    buffer_append(out, bytes_of(commitment, HEADER_COMMITMENT_BYTES));
    return buffer_ok(out) ? ERR_OK : ERR_INTERNAL;
}
