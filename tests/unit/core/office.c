#include "office.h"

#include "base/mem.h"
#include "base/threads.h"
#include "core/events.h"
#include "core/letter_reader.h"
#include "envelope/keyring_ecdh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TIMEOUT_MS 60000
/* Of the EDK's info (message format, section 5). */
#define INFO_RECIPIENT_AT 5
#define INFO_SENDER_AT 42

/* --- keys --- */

static const struct ecdh_key *key_of(const struct office *office, const struct uuid *user_id)
{
    for (int i = 0; i < OFFICE_USERS; i++) {
        if (uuid_equal(&office->actors[i].user_id, user_id))
            return &office->keys[i];
    }
    return NULL;
}

static enum err describe(void *self, struct ctx *ctx, const struct uuid *user_id,
                         struct key_description *out)
{
    const struct office *office = self;
    const struct ecdh_key *key = key_of(office, user_id);
    (void)ctx;
    if (key == NULL)
        return ERR_NOT_FOUND;
    *out = (struct key_description){.has_point = true,
                                    .lost_before_unix_ms = office->lost_before_unix_ms};
    memcpy(out->point, key->public.point.b, sizeof out->point);
    return ERR_OK;
}

static enum err wrap(void *self, struct ctx *ctx, const struct key_wrap *in,
                     struct key_wrapped *out)
{
    const struct office *office = self;
    const struct ecdh_key *sender = key_of(office, &ctx->actor->user_id);
    const struct ecdh_key *recipient = key_of(office, in->recipient_id);
    struct keyring_ecdh_edk *edk = arena_alloc(ctx->arena, sizeof *edk);
    bool copy = in->copy && ctx->actor->power == ACTOR_ID;
    secret_random(&out->data_key);
    if (copy) {
        struct secret z;
        ecdh_key_agree(sender, &recipient->public, &z);
        keyring_ecdh_wrap(&z, &sender->public.point, &recipient->public.point, in->context,
                          &out->data_key, edk);
        secret_fini(&z);
    } else {
        keyring_ecdh_wrap_ephemeral(&recipient->public, in->context, &out->data_key, edk);
    }
    out->edks[0] = keyring_ecdh_edk_view(edk);
    out->edk_count = 1;
    out->sender_can_open = copy;
    out->sender_verified = copy;
    return ERR_OK;
}

static enum err unwrap(void *self, struct ctx *ctx, const struct header *header,
                       const struct uuid *sender_id, struct secret *data_key, bool *sender_verified)
{
    const struct office *office = self;
    if (ctx->actor->power != ACTOR_ID)
        return ERR_ID_TOKEN_REQUIRED;
    struct keyring_ecdh_parties parties;
    enum err e = keyring_ecdh_unwrap_with_key(header, key_of(office, &ctx->actor->user_id),
                                              data_key, &parties, NULL);
    if (e == ERR_OK)
        *sender_verified =
            ecdh_point_equal(&parties.sender, &key_of(office, sender_id)->public.point);
    return e == ERR_SEALED_INVALID ? ERR_LETTER_DAMAGED : e;
}

static enum err check_sealed(void *self, struct ctx *ctx, const struct header *header,
                             const struct uuid *recipient_id, bool *sender_can_open,
                             bool *sender_verified)
{
    const struct office *office = self;
    const struct ecdh_key *recipient = key_of(office, recipient_id);
    const struct ecdh_key *sender = key_of(office, &ctx->actor->user_id);
    struct bytes info = header->edks[0].info;
    struct bytes named = bytes_slice(info, INFO_RECIPIENT_AT, ECDH_POINT_BYTES);
    if (!bytes_equal_str(header->edks[0].provider, "raw-ecdh") ||
        !bytes_equal(named, ecdh_point_bytes(&recipient->public.point)))
        return ERR_SEALED_INVALID;
    *sender_verified = bytes_equal(bytes_slice(info, INFO_SENDER_AT, ECDH_POINT_BYTES),
                                   ecdh_point_bytes(&sender->public.point));
    *sender_can_open = *sender_verified;
    return ERR_OK;
}

static void letter_arrived(void *self, const struct user_record *recipient)
{
    struct office *office = self;
    assert_non_null(recipient->username);
    atomic_fetch_add(&office->notices, 1);
}

/* --- the office --- */

static void add_user(struct office *office, enum office_user user, const char *name)
{
    struct actor *actor = &office->actors[user];
    *actor =
        (struct actor){.user_id = uuid_random(), .power = ACTOR_ID, .expires_unix_ms = INT64_MAX};
    (void)snprintf(actor->username, sizeof actor->username, "%s", name);
    ecdh_key_generate(&office->keys[user]);
    const struct user_record record = {
        .id = actor->user_id,
        .username = name,
        .email = "someone@example.org",
        .topic_reference = "t",
        .key_reference = "k",
        .state = USER_READY,
        .created_unix_ms = 1,
    };
    struct ctx *ctx = office_as(office, user);
    assert_int_equal(office->ports.records.user_put(office->ports.records.self, ctx, &record),
                     ERR_OK);
}

int office_open(void **state)
{
    struct office *office = mem_alloc(sizeof *office);
    scratch_init(&office->scratch);
    struct ctx *ctx = &office->scratch.ctx;
    char *root = scratch_path(&office->scratch, "objects");
    assert_int_equal(mkdir(root, 0700), 0);
    assert_int_equal(store_open(ctx, scratch_path(&office->scratch, "db"), &office->store), ERR_OK);
    office->records = records_adapter_create(office->store);
    records_adapter_port(office->records, &office->ports.records);
    assert_int_equal(objects_adapter_open(ctx, root, &office->objects), ERR_OK);
    objects_adapter_port(office->objects, &office->ports.objects);
    office->ports.keys = (struct keys){.self = office,
                                       .nonblocking = true,
                                       .describe = describe,
                                       .wrap = wrap,
                                       .unwrap = unwrap,
                                       .check_sealed = check_sealed};
    office->ports.notices = (struct notices){.self = office, .letter_arrived = letter_arrived};
    office->config = (struct core_config){.max_letter_bytes = 64u << 20,
                                          .quota_bytes = 256 << 20,
                                          .streams_per_user = 4,
                                          .streams_total = 16};
    office->core = (struct core){
        .ports = &office->ports,
        .config = &office->config,
        .events = events_create(office->config.streams_per_user, office->config.streams_total),
    };
    add_user(office, ALICE, "alice");
    add_user(office, BOB, "bob");
    add_user(office, EVE, "eve");
    *state = office;
    return 0;
}

int office_close(void **state)
{
    struct office *office = *state;
    events_destroy(office->core.events);
    records_adapter_destroy(office->records);
    objects_adapter_close(office->objects);
    store_close(office->store);
    for (int i = 0; i < OFFICE_USERS; i++)
        ecdh_key_fini(&office->keys[i]);
    scratch_fini(&office->scratch);
    mem_free(office);
    return 0;
}

struct ctx *office_as(struct office *office, enum office_user user)
{
    ctx_init(&office->scratch.ctx, &office->scratch.arena, TIMEOUT_MS);
    office->scratch.ctx.actor = &office->actors[user];
    return &office->scratch.ctx;
}

void office_stored(void *arg, const struct letter_outcome *outcome)
{
    struct office_outcome *out = arg;
    out->e = outcome->e;
    out->duplicate = outcome->duplicate;
    if (outcome->letter != NULL)
        out->letter = *outcome->letter;
    gate_open(out->gate);
}

enum err office_store(struct letter_send *send, struct ctx *ctx, struct message_record *letter,
                      bool *duplicate)
{
    struct gate gate;
    struct office_outcome outcome = {.gate = &gate};
    const struct message_record *sealed = NULL;
    enum err e = letter_send_seal(send, ctx, &sealed);
    if (e != ERR_OK) {
        letter_send_abort(send);
        return e;
    }
    gate_init(&gate);
    letter_send_store(send, ctx, office_stored, &outcome);
    assert_true(gate_wait(&gate, ctx->deadline_mono_ms));
    gate_fini(&gate);
    if (letter != NULL)
        *letter = outcome.letter;
    if (duplicate != NULL)
        *duplicate = outcome.duplicate;
    return outcome.e;
}

uint8_t office_byte(uint64_t at)
{
    return (uint8_t)(at * 2654435761u >> 13);
}

/* Uneven pieces, so that frames never match them. */
static enum err write_file(struct letter_send *send, struct ctx *ctx, uint64_t n)
{
    uint8_t piece[10007];
    enum err e = ERR_OK;
    for (uint64_t at = 0; e == ERR_OK && at < n; at += sizeof piece) {
        size_t size = n - at < sizeof piece ? (size_t)(n - at) : sizeof piece;
        for (size_t i = 0; i < size; i++)
            piece[i] = office_byte(at + i);
        e = letter_send_write(send, ctx, bytes_of(piece, size));
    }
    return e;
}

enum err office_send(struct office *office, enum office_user from, const struct letter_draft *draft,
                     int64_t file_n, struct message_record *letter, bool *duplicate)
{
    struct ctx *ctx = office_as(office, from);
    struct letter_send *send = NULL;
    enum err e = letter_send_begin(&office->core, ctx, draft, &send);
    if (e != ERR_OK)
        return e;
    if (file_n >= 0)
        e = write_file(send, ctx, (uint64_t)file_n);
    if (e != ERR_OK) {
        letter_send_abort(send);
        return e;
    }
    return office_store(send, ctx, letter, duplicate);
}

static enum err check_bytes(struct letter_reader *reader, struct ctx *ctx, uint64_t from,
                            uint64_t to)
{
    static uint8_t data[300007];
    uint64_t at = from;
    for (;;) {
        size_t got = 0;
        enum err e = letter_reader_read(reader, ctx, data, sizeof data, &got);
        if (e != ERR_OK)
            return e;
        for (size_t i = 0; i < got; i++)
            assert_int_equal(data[i], office_byte(at + i));
        at += got;
        if (got == 0)
            break;
    }
    assert_int_equal(at, to);
    return ERR_OK;
}

enum err office_check_file(struct office *office, enum office_user user, const struct uuid *id,
                           uint64_t from, uint64_t to)
{
    struct ctx *ctx = office_as(office, user);
    struct letter_reader *reader = NULL;
    struct letter_opened opened;
    enum err e = letter_reader_open(&office->core, ctx, id, &reader, &opened);
    if (e != ERR_OK)
        return e;
    e = letter_reader_seek(reader, ctx, from, to);
    if (e == ERR_OK)
        e = check_bytes(reader, ctx, from, to);
    letter_reader_close(reader);
    return e;
}

void office_sql(struct office *office, const char *sql, const struct uuid *id,
                const struct uuid *second)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_open(scratch_path(&office->scratch, "db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_blob(s, 1, id->b, UUID_BYTES, SQLITE_STATIC);
    if (second != NULL)
        sqlite3_bind_blob(s, 2, second->b, UUID_BYTES, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    assert_int_equal(sqlite3_changes(db), 1);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

char *office_object_path(struct office *office, const struct uuid *id)
{
    char name[OBJECTS_PATH_BYTES];
    objects_adapter_path(id, name);
    return arena_printf(&office->scratch.arena, "%s/objects/%s", office->scratch.dir, name);
}

bool office_has_object(struct office *office, const struct uuid *id)
{
    return access(office_object_path(office, id), F_OK) == 0;
}
