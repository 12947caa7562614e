#include "sealed_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The serialised encryption context of a letter, in the context's arena. */
static struct bytes aad_of(struct household *h, const struct uuid *id, const struct uuid *recipient,
                           const struct uuid *sender)
{
    struct letter_context context;
    letter_context_init(&context, id, recipient, sender);
    return arena_copy(h->ctx.arena, letter_context_bytes(&context));
}

/* Of the user's record, if there is a key. */
static enum err reference_of(struct household *h, const struct uuid *id, const char **out)
{
    struct key_description *key = arena_alloc(h->ctx.arena, sizeof *key);
    enum err e = h->keys.describe(h->keys.self, &h->ctx, id, key);
    *out = e == ERR_OK ? key->reference : "";
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sealed_letter_wrap(struct household *h, const struct uuid *to, bool copy,
                            struct sealed_letter *out)
{
    struct key_wrap in = {.recipient_id = to, .copy = copy};
    struct letter_context context;
    out->id = uuid_at(h->ctx.now_unix_ms);
    out->sender_id = h->actor.user_id;
    letter_context_init(&context, &out->id, to, &out->sender_id);
    in.context = aad_of(h, &out->id, to, &out->sender_id);
    in.pairs = &context.pairs;
    enum err e = reference_of(h, to, &in.recipient_reference);
    if (e == ERR_OK)
        e = reference_of(h, &out->sender_id, &in.sender_reference);
    if (e == ERR_OK)
        e = h->keys.wrap(h->keys.self, &h->ctx, &in, &out->wrapped);
    if (e != ERR_OK)
        return e;
    out->header = (struct header){.aad = in.context, .edk_count = out->wrapped.edk_count};
    memcpy(out->header.edks, out->wrapped.edks, sizeof out->wrapped.edks);
    return ERR_OK;
}

struct sealed_letter sealed_letter_make(struct household *h, const struct uuid *to, bool copy)
{
    struct sealed_letter out;
    assert_int_equal(sealed_letter_wrap(h, to, copy, &out), ERR_OK);
    return out;
}

enum err sealed_letter_open(struct household *h, const struct sealed_letter *letter, bool *verified)
{
    struct secret data_key = {0};
    enum err e = h->keys.unwrap(h->keys.self, &h->ctx, &letter->header, &letter->sender_id,
                                &data_key, verified);
    if (e == ERR_OK)
        assert_true(secret_equal(&data_key, &letter->wrapped.data_key));
    secret_fini(&data_key);
    return e;
}

void sealed_letter_assert_opens(struct household *h, const struct sealed_letter *letter,
                                bool verified)
{
    bool is = !verified;
    assert_int_equal(sealed_letter_open(h, letter, &is), ERR_OK);
    assert_int_equal(is, verified);
}

void sealed_letter_assert_refused(struct household *h, const struct sealed_letter *letter,
                                  enum err e)
{
    bool verified;
    assert_int_equal(sealed_letter_open(h, letter, &verified), e);
}

struct sealed_letter sealed_letter_tampered(struct household *h, const struct sealed_letter *letter,
                                            bool info, int offset)
{
    struct sealed_letter out = *letter;
    struct bytes *part = info ? &out.header.edks[0].info : &out.header.edks[0].ciphertext;
    uint8_t *copy = arena_alloc(&h->arena, part->n);
    memcpy(copy, part->p, part->n);
    copy[offset >= 0 ? (size_t)offset : part->n - (size_t)-offset] ^= 1;
    part->p = copy;
    return out;
}

struct sealed_letter sealed_letter_moved(struct household *h, const struct sealed_letter *letter,
                                         const struct uuid *recipient)
{
    struct sealed_letter out = *letter;
    struct uuid other = uuid_at(h->ctx.now_unix_ms);
    out.header.aad = aad_of(h, &other, recipient, &letter->sender_id);
    return out;
}

enum err sealed_letter_check(struct household *h, const struct sealed_letter *letter,
                             const struct uuid *to, bool *can_open, bool *verified)
{
    return h->keys.check_sealed(h->keys.self, &h->ctx, &letter->header, to, can_open, verified);
}

struct key_description sealed_letter_key(struct household *h, const struct uuid *id)
{
    struct key_description out;
    assert_int_equal(h->keys.describe(h->keys.self, &h->ctx, id, &out), ERR_OK);
    return out;
}
