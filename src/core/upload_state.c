#include "core/upload_state.h"

#include "base/cursor.h"
#include "base/encode.h"
#include "base/mem.h"
#include "core/key_ring.h"
#include "ports/uploads.h"

#include <string.h>

#define FORMAT 1u
#define KEY_LABEL "letterlock upload key v1"
#define STATE_LABEL "letterlock upload state v1"
#define SECRET_TEXT_BYTES 43u

enum flag {
    FLAG_SENDER_CAN_OPEN = 1,
    FLAG_SENDER_VERIFIED = 2,
    FLAG_COMPLETE = 4,
    FLAG_DONE = 8,
};

void upload_state_init(struct upload_state *s)
{
    *s = (struct upload_state){0};
    buffer_init(&s->header, HEADER_MAX_BYTES);
    buffer_init(&s->plain, UPLOAD_FRAME_BYTES + UPLOAD_BATCH_BYTES);
}

void upload_state_fini(struct upload_state *s)
{
    secret_fini(&s->data_key);
    letter_idempotency_fini(&s->idempotency);
    buffer_fini(&s->header);
    buffer_fini(&s->plain);
    mem_cleanse(s, sizeof *s);
}

void upload_state_key(const struct secret *secret, struct secret *key)
{
    key_ring_derive(secret_bytes(secret), KEY_LABEL, key);
}

uint64_t upload_state_offset(const struct upload_state *s)
{
    if (s->done)
        return s->length;
    uint64_t plaintext = s->plaintext_bytes + s->plain.n;
    return plaintext - s->manifest_bytes;
}

bool upload_state_is_whole(const struct upload_state *s)
{
    return upload_state_offset(s) == s->length;
}

/* --- writing --- */

static void append_letter(const struct upload_state *s, struct buffer *out)
{
    buffer_append(out, secret_bytes(&s->data_key));
    buffer_append(out, bytes_of(s->message_id, sizeof s->message_id));
    buffer_append(out, uuid_bytes(&s->recipient_id));
    buffer_append(out, bytes_of(s->recipient_key, sizeof s->recipient_key));
    buffer_append_u64(out, (uint64_t)s->expires_in_s);
    buffer_append_u64(out, s->manifest_bytes);
    buffer_append_u64(out, s->length);
    buffer_append_u32(out, (uint32_t)s->header.n);
    buffer_append(out, buffer_bytes(&s->header));
}

static void append_idempotency(const struct letter_idempotency *i, struct buffer *out)
{
    buffer_append_u8(out, i->used);
    buffer_append_u8(out, (uint8_t)i->count);
    buffer_append(out, bytes_of(i->stored_key, sizeof i->stored_key));
    buffer_append(out, bytes_of(i->digests, i->count * sizeof i->digests[0]));
}

static struct bytes kept_plain(const struct upload_state *s)
{
    struct bytes plain = buffer_bytes(&s->plain);
    if (!s->done && s->length > 0 && upload_state_is_whole(s))
        plain.n--;
    return bytes_slice(plain, 0, UPLOAD_FRAME_BYTES);
}

uint64_t upload_state_kept_offset(const struct upload_state *s)
{
    return upload_state_offset(s) - (s->plain.n - kept_plain(s).n);
}

static void append_progress(const struct upload_state *s, struct buffer *out)
{
    struct bytes plain = kept_plain(s);
    buffer_append_u64(out, s->plaintext_bytes);
    buffer_append(out, bytes_of(s->checksum.sum.b, sizeof s->checksum.sum.b));
    buffer_append_u64(out, s->checksum.bytes);
    buffer_append(out, bytes_of(s->content, sizeof s->content));
    buffer_append_u64(out, s->place.size);
    buffer_append_u32(out, (uint32_t)s->promise_count);
    buffer_append(out, bytes_of(s->promises, s->promise_count * sizeof s->promises[0]));
    buffer_append_u32(out, (uint32_t)plain.n);
    buffer_append(out, plain);
    buffer_append(out, bytes_of(s->sealed_sum, sizeof s->sealed_sum));
    buffer_append(out, uuid_bytes(&s->letter_id));
}

static uint8_t flags_of(const struct upload_state *s)
{
    return (uint8_t)((s->sender_can_open ? FLAG_SENDER_CAN_OPEN : 0) |
                     (s->sender_verified ? FLAG_SENDER_VERIFIED : 0) |
                     (s->complete ? FLAG_COMPLETE : 0) | (s->done ? FLAG_DONE : 0));
}

void upload_state_seal(const struct upload_state *s, const struct secret *key, struct buffer *out)
{
    struct buffer text;
    buffer_init(&text, UPLOAD_STATE_MAX_BYTES - KEY_RING_OVERHEAD_BYTES);
    buffer_append_u8(&text, FORMAT);
    buffer_append_u64(&text, s->version);
    buffer_append_u8(&text, flags_of(s));
    append_letter(s, &text);
    append_idempotency(&s->idempotency, &text);
    append_progress(s, &text);
    if (buffer_ok(&text))
        key_ring_seal(STATE_LABEL, &s->id, key, buffer_bytes(&text), out);
    else
        out->overflow = true;
    buffer_fini(&text);
}

/* --- reading --- */

static void take(struct cursor *c, void *out, size_t n)
{
    struct bytes data = cursor_take(c, n);
    if (data.n == n)
        memcpy(out, data.p, n);
}

static void read_letter(struct cursor *c, struct upload_state *s)
{
    take(c, s->data_key.b, sizeof s->data_key.b);
    take(c, s->message_id, sizeof s->message_id);
    take(c, s->recipient_id.b, sizeof s->recipient_id.b);
    take(c, s->recipient_key, sizeof s->recipient_key);
    s->expires_in_s = (int64_t)cursor_u64(c);
    s->manifest_bytes = cursor_u64(c);
    s->length = cursor_u64(c);
    buffer_append(&s->header, cursor_take_u32_prefixed(c));
}

static void read_idempotency(struct cursor *c, struct letter_idempotency *i)
{
    i->used = cursor_u8(c) != 0;
    i->count = cursor_u8(c);
    if (i->count > sizeof i->digests / sizeof i->digests[0])
        c->failed = true;
    if (c->failed)
        i->count = 0;
    take(c, i->stored_key, sizeof i->stored_key);
    take(c, i->digests, i->count * sizeof i->digests[0]);
}

static void read_progress(struct cursor *c, struct upload_state *s)
{
    s->plaintext_bytes = cursor_u64(c);
    take(c, s->checksum.sum.b, sizeof s->checksum.sum.b);
    s->checksum.bytes = cursor_u64(c);
    take(c, s->content, sizeof s->content);
    s->place.size = cursor_u64(c);
    s->promise_count = cursor_u32(c);
    if (s->promise_count > UPLOAD_PROMISES_MAX)
        c->failed = true;
    if (c->failed)
        s->promise_count = 0;
    take(c, s->promises, s->promise_count * sizeof s->promises[0]);
    buffer_append(&s->plain, cursor_take_u32_prefixed(c));
    take(c, s->sealed_sum, sizeof s->sealed_sum);
    take(c, s->letter_id.b, sizeof s->letter_id.b);
}

static bool read_state(struct upload_state *s, struct bytes text)
{
    struct cursor c = cursor_of(text);
    if (cursor_u8(&c) != FORMAT || cursor_u64(&c) != s->version)
        return false;
    uint8_t flags = cursor_u8(&c);
    s->sender_can_open = (flags & FLAG_SENDER_CAN_OPEN) != 0;
    s->sender_verified = (flags & FLAG_SENDER_VERIFIED) != 0;
    s->complete = (flags & FLAG_COMPLETE) != 0;
    s->done = (flags & FLAG_DONE) != 0;
    read_letter(&c, s);
    read_idempotency(&c, &s->idempotency);
    read_progress(&c, s);
    return cursor_at_end(&c) && buffer_ok(&s->header) && buffer_ok(&s->plain);
}

bool upload_state_open(struct upload_state *s, const struct uuid *id, uint64_t version,
                       const struct secret *key, struct bytes sealed)
{
    struct buffer text;
    s->id = *id;
    s->version = version;
    s->place.id = *id;
    buffer_init(&text, UPLOAD_STATE_MAX_BYTES);
    bool ok =
        key_ring_unseal(STATE_LABEL, id, key, sealed, &text) && read_state(s, buffer_bytes(&text));
    buffer_fini(&text);
    return ok;
}

/* --- names --- */

void upload_name_write(const struct uuid *id, const struct secret *secret,
                       char out[UPLOAD_NAME_BYTES])
{
    struct buffer text;
    buffer_init(&text, SECRET_TEXT_BYTES);
    encode_base64url(&text, secret_bytes(secret));
    uuid_format(id, out);
    out[UUID_TEXT_BYTES - 1] = '.';
    memcpy(out + UUID_TEXT_BYTES, text.p, SECRET_TEXT_BYTES);
    out[UPLOAD_NAME_BYTES - 1] = '\0';
    buffer_fini(&text);
}

bool upload_name_read(struct bytes name, struct uuid *id, struct secret *secret)
{
    struct arena arena;
    struct bytes raw = {0};
    if (name.n != UPLOAD_NAME_BYTES - 1 || name.p[UUID_TEXT_BYTES - 1] != '.' ||
        !uuid_parse(bytes_slice(name, 0, UUID_TEXT_BYTES - 1), id))
        return false;
    arena_init(&arena);
    bool ok = encode_base64url_decode(&arena, bytes_slice(name, UUID_TEXT_BYTES, SIZE_MAX), &raw) &&
              raw.n == SECRET_BYTES;
    if (ok)
        memcpy(secret->b, raw.p, SECRET_BYTES);
    arena_fini(&arena);
    return ok;
}
