#include "envelope/encryption_context.h"

#include "base/cursor.h"

#include <assert.h>
#include <string.h>

#define COUNT_BYTES 2u
#define PAIR_OVERHEAD 4u /* two u16 lengths */

static size_t serialised_bytes(const struct encryption_context *context)
{
    size_t n = context->count == 0 ? 0 : COUNT_BYTES;
    for (size_t i = 0; i < context->count; i++)
        n += PAIR_OVERHEAD + context->pairs[i].name.n + context->pairs[i].value.n;
    return n;
}

static bool fits(const struct encryption_context *context, struct bytes name, struct bytes value)
{
    if (context->count == ENCRYPTION_CONTEXT_MAX_PAIRS || name.n > ENCRYPTION_CONTEXT_MAX_BYTES ||
        value.n > ENCRYPTION_CONTEXT_MAX_BYTES)
        return false;
    size_t n = COUNT_BYTES + PAIR_OVERHEAD + name.n + value.n;
    if (context->count > 0)
        n += serialised_bytes(context) - COUNT_BYTES;
    return n <= ENCRYPTION_CONTEXT_MAX_BYTES;
}

enum err encryption_context_add(struct encryption_context *context, struct bytes name,
                                struct bytes value)
{
    if (name.n == 0 || bytes_starts_with(name, BYTES_LIT("aws-crypto-")) || !bytes_is_utf8(name) ||
        !bytes_is_utf8(value) || !fits(context, name, value))
        return ERR_INVALID_FIELD;
    size_t at = 0;
    while (at < context->count && bytes_compare(context->pairs[at].name, name) < 0)
        at++;
    struct encryption_context_pair *place = &context->pairs[at];
    if (at < context->count && bytes_equal(place->name, name))
        return ERR_INVALID_FIELD;
    memmove(place + 1, place, (context->count - at) * sizeof *place);
    *place = (struct encryption_context_pair){name, value};
    context->count++;
    return ERR_OK;
}

void encryption_context_write(const struct encryption_context *context, struct buffer *out)
{
    if (context->count == 0)
        return;
    buffer_append_u16(out, (uint16_t)context->count);
    for (size_t i = 0; i < context->count; i++) {
        const struct encryption_context_pair *pair = &context->pairs[i];
        buffer_append_u16(out, (uint16_t)pair->name.n);
        buffer_append(out, pair->name);
        buffer_append_u16(out, (uint16_t)pair->value.n);
        buffer_append(out, pair->value);
    }
}

/* The order of a name behind the one before it. */
static enum envelope_reason check_order(const struct bytes *before, struct bytes name)
{
    if (before == NULL)
        return ENVELOPE_REASON_NONE;
    int order = bytes_compare(*before, name);
    if (order == 0)
        return ENVELOPE_REASON_CONTEXT_DUPLICATE_KEY;
    return order > 0 ? ENVELOPE_REASON_CONTEXT_UNSORTED : ENVELOPE_REASON_NONE;
}

static enum envelope_reason check_pairs(struct cursor *c, size_t count)
{
    struct bytes before = {0};
    for (size_t i = 0; i < count; i++) {
        struct bytes name = cursor_take_u16_prefixed(c);
        struct bytes value = cursor_take_u16_prefixed(c);
        if (c->failed)
            return ENVELOPE_REASON_CONTEXT_MALFORMED;
        if (!bytes_is_utf8(name) || !bytes_is_utf8(value))
            return ENVELOPE_REASON_CONTEXT_NOT_UTF8;
        enum envelope_reason r = check_order(i == 0 ? NULL : &before, name);
        if (r != ENVELOPE_REASON_NONE)
            return r;
        before = name;
    }
    return cursor_at_end(c) ? ENVELOPE_REASON_NONE : ENVELOPE_REASON_CONTEXT_MALFORMED;
}

enum err encryption_context_check(struct bytes aad, enum envelope_reason *reason)
{
    if (aad.n == 0)
        return ERR_OK;
    struct cursor c = cursor_of(aad);
    size_t count = cursor_u16(&c);
    if (count == 0 || aad.n > ENCRYPTION_CONTEXT_MAX_BYTES)
        return envelope_reason_set(reason, ENVELOPE_REASON_CONTEXT_MALFORMED);
    return envelope_reason_set(reason, check_pairs(&c, count));
}

struct encryption_context_walk encryption_context_walk_of(struct bytes aad)
{
    return (struct encryption_context_walk){bytes_slice(aad, COUNT_BYTES, aad.n)};
}

bool encryption_context_next(struct encryption_context_walk *walk,
                             struct encryption_context_pair *pair)
{
    if (walk->left.n == 0)
        return false;
    struct cursor c = cursor_of(walk->left);
    pair->name = cursor_take_u16_prefixed(&c);
    pair->value = cursor_take_u16_prefixed(&c);
    assert(!c.failed);
    walk->left = c.left;
    return true;
}

bool encryption_context_find(struct bytes aad, struct bytes name, struct bytes *value)
{
    struct encryption_context_walk walk = encryption_context_walk_of(aad);
    struct encryption_context_pair pair;
    while (encryption_context_next(&walk, &pair)) {
        if (bytes_equal(pair.name, name)) {
            *value = pair.value;
            return true;
        }
    }
    return false;
}

enum err encryption_context_require(struct bytes aad, const struct encryption_context *expected,
                                    enum envelope_reason *reason)
{
    for (size_t i = 0; i < expected->count; i++) {
        struct bytes value;
        if (!encryption_context_find(aad, expected->pairs[i].name, &value) ||
            !bytes_equal(value, expected->pairs[i].value))
            return envelope_reason_set(reason, ENVELOPE_REASON_CONTEXT_MISMATCH);
    }
    return ERR_OK;
}
