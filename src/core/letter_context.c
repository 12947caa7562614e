#include "core/letter_context.h"

#include <assert.h>
#include <string.h>

static void add(struct letter_context *c, const char *name, const struct uuid *id,
                char text[UUID_TEXT_BYTES])
{
    uuid_format(id, text);
    enum err e = encryption_context_add(&c->pairs, bytes_of_str(name), bytes_of_str(text));
    assert(e == ERR_OK);
    (void)e;
}

void letter_context_init(struct letter_context *c, const struct uuid *letter_id,
                         const struct uuid *recipient_id, const struct uuid *sender_id)
{
    *c = (struct letter_context){0};
    add(c, "message", letter_id, c->message);
    add(c, "recipient", recipient_id, c->recipient);
    add(c, "sender", sender_id, c->sender);
    struct buffer out;
    buffer_init(&out, sizeof c->serialised);
    encryption_context_write(&c->pairs, &out);
    assert(buffer_ok(&out));
    memcpy(c->serialised, out.p, out.n);
    c->serialised_count = out.n;
    buffer_fini(&out);
}

struct bytes letter_context_bytes(const struct letter_context *c)
{
    return bytes_of(c->serialised, c->serialised_count);
}

static bool find(struct bytes serialised, const char *name, struct uuid *id)
{
    struct bytes value;
    return encryption_context_find(serialised, bytes_of_str(name), &value) && uuid_parse(value, id);
}

bool letter_context_read(struct bytes serialised, struct uuid *letter_id, struct uuid *recipient_id,
                         struct uuid *sender_id)
{
    if (!find(serialised, "message", letter_id) || !find(serialised, "recipient", recipient_id) ||
        !find(serialised, "sender", sender_id))
        return false;
    struct letter_context canonical;
    letter_context_init(&canonical, letter_id, recipient_id, sender_id);
    return bytes_equal(letter_context_bytes(&canonical), serialised);
}
