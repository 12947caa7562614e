#include "letterbox.h"

#include "base/clock.h"
#include "base/threads.h"
#include "envelope/encryption_context.h"
#include "envelope/sealer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WAIT_MS 20000
#define QUOTA_BYTES ((int64_t)1 << 40)
#define FRAME_LENGTH 4096u

void letterbox_start(struct letterbox *box)
{
    struct ctx *ctx = &box->scratch.ctx;
    struct arena *arena = &box->scratch.arena;
    assert_int_equal(data_dir_open(ctx, box->path, true, &box->dir), ERR_OK);
    assert_int_equal(
        store_open(ctx, data_dir_path(box->dir, arena, DATA_DIR_DATABASE), &box->store), ERR_OK);
    assert_int_equal(objects_adapter_open(ctx, data_dir_path(box->dir, arena, DATA_DIR_OBJECTS),
                                          &box->objects_adapter),
                     ERR_OK);
    box->records_adapter = records_adapter_create(box->store);
    records_adapter_port(box->records_adapter, &box->records);
    objects_adapter_port(box->objects_adapter, &box->objects);
}

void letterbox_stop(struct letterbox *box)
{
    records_adapter_destroy(box->records_adapter);
    objects_adapter_close(box->objects_adapter);
    store_close(box->store);
    data_dir_close(box->dir);
    box->records_adapter = NULL;
    box->objects_adapter = NULL;
    box->store = NULL;
    box->dir = NULL;
}

static struct uuid add_user(struct letterbox *box, const char *name)
{
    struct user_record user = {.id = uuid_random(),
                               .username = name,
                               .email = "",
                               .topic_reference = "",
                               .state = USER_READY};
    assert_int_equal(box->records.user_put(box->records.self, &box->scratch.ctx, &user), ERR_OK);
    return user.id;
}

void letterbox_init(struct letterbox *box)
{
    *box = (struct letterbox){0};
    scratch_init(&box->scratch);
    box->path = scratch_path(&box->scratch, "data");
    letterbox_start(box);
    box->alice = add_user(box, "alice");
    box->bob = add_user(box, "bob");
    box->actor.user_id = box->bob;
    box->scratch.ctx.actor = &box->actor;
}

void letterbox_fini(struct letterbox *box)
{
    letterbox_stop(box);
    scratch_fini(&box->scratch);
}

static void add_pair(struct encryption_context *pairs, const char *name, const struct uuid *id,
                     char text[UUID_TEXT_BYTES])
{
    uuid_format(id, text);
    assert_int_equal(encryption_context_add(pairs, bytes_of_str(name), bytes_of_str(text)), ERR_OK);
}

static void seal(struct letterbox *box, const struct uuid *id, size_t n, struct buffer *header,
                 struct buffer *frames, uint8_t checksum[CHECKSUM_BYTES])
{
    char texts[3][UUID_TEXT_BYTES];
    struct encryption_context pairs = {0};
    struct buffer aad;
    add_pair(&pairs, "message", id, texts[0]);
    add_pair(&pairs, "recipient", &box->bob, texts[1]);
    add_pair(&pairs, "sender", &box->alice, texts[2]);
    buffer_init(&aad, 1024);
    encryption_context_write(&pairs, &aad);
    /* Wrapped for nobody: these letters are never opened. */
    const struct edk edk = {BYTES_LIT("test"), BYTES_LIT("info"), BYTES_LIT("ciphertext")};
    struct secret data_key;
    secret_random(&data_key);
    struct sealer sealer;
    const struct sealer_message message = {buffer_bytes(&aad), &edk, 1, FRAME_LENGTH};
    assert_int_equal(sealer_init(&sealer, &message, &data_key, header), ERR_OK);
    uint8_t *plaintext = calloc(1, n + 1);
    assert_int_equal(sealer_finish(&sealer, bytes_of(plaintext, n), frames), ERR_OK);
    struct checksum c;
    checksum_init(&c, sealer.message_id);
    checksum_add(&c, buffer_bytes(frames));
    checksum_add(&c, buffer_bytes(header));
    checksum_finish(&c, checksum);
    free(plaintext);
    sealer_fini(&sealer);
    buffer_fini(&aad);
}

struct waiter {
    struct gate gate;
    enum err e;
};

static void put_is_done(void *arg, const struct message_put_result *result)
{
    struct waiter *waiter = arg;
    waiter->e = result->e;
    gate_open(&waiter->gate);
}

static void store_letter(struct letterbox *box, const struct message_put *in)
{
    struct waiter waiter;
    gate_init(&waiter.gate);
    box->records.message_put(box->records.self, &box->scratch.ctx, in, put_is_done, &waiter);
    assert_true(gate_wait(&waiter.gate, clock_mono_ms() + WAIT_MS));
    gate_fini(&waiter.gate);
    assert_int_equal(waiter.e, ERR_OK);
}

static void store_object(struct letterbox *box, const struct uuid *id, struct bytes frames)
{
    struct ctx *ctx = &box->scratch.ctx;
    struct object_writer *w = NULL;
    assert_int_equal(box->objects.begin(box->objects.self, ctx, id, &w), ERR_OK);
    assert_int_equal(box->objects.write(w, ctx, frames), ERR_OK);
    assert_int_equal(box->objects.commit(w, ctx), ERR_OK);
}

struct uuid letterbox_send(struct letterbox *box, size_t plaintext_bytes)
{
    struct buffer header;
    struct buffer frames;
    struct message_put in = {.quota_bytes = QUOTA_BYTES};
    struct message_record *m = &in.record;
    m->id = uuid_at(clock_unix_ms());
    m->sender_id = box->alice;
    m->recipient_id = box->bob;
    m->sent_unix_ms = clock_unix_ms();
    m->size = plaintext_bytes;
    buffer_init(&header, 1 << 16);
    buffer_init(&frames, 1 << 24);
    seal(box, &m->id, plaintext_bytes, &header, &frames, m->checksum);
    m->header = buffer_bytes(&header);
    m->sealed_size = header.n + frames.n;
    m->inline_frames = frames.n <= box->records.inline_max_bytes;
    if (m->inline_frames)
        m->frames = buffer_bytes(&frames);
    else
        store_object(box, &m->id, buffer_bytes(&frames));
    store_letter(box, &in);
    buffer_fini(&frames);
    buffer_fini(&header);
    return m->id;
}

char *letterbox_object(struct letterbox *box, const struct uuid *id)
{
    char path[OBJECTS_PATH_BYTES];
    objects_adapter_path(id, path);
    return arena_printf(&box->scratch.arena, "%s/" DATA_DIR_OBJECTS "/%s", box->path, path);
}

void letterbox_delete(struct letterbox *box, const struct uuid *id)
{
    struct ctx *ctx = &box->scratch.ctx;
    struct message_record m;
    assert_int_equal(box->records.message_delete(box->records.self, ctx, id, &m), ERR_OK);
    if (!m.inline_frames)
        assert_int_equal(box->objects.remove(box->objects.self, ctx, id), ERR_OK);
}
