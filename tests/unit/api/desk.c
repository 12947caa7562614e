#include "desk.h"

#include "api/events.h"
#include "api/letters.h"
#include "api/people.h"
#include "base/digest.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BODY_MAX_BYTES (8u << 20)

static const char *const tokens[OFFICE_USERS] = {"token-alice", "token-bob", "token-eve"};

static struct bytes get_header(void *self, const char *name, bool *found)
{
    const struct desk *desk = self;
    for (size_t i = 0; i < desk->rig.header_count; i++) {
        if (strcmp(desk->rig.headers[i].name, name) == 0) {
            *found = true;
            return bytes_of_str(desk->rig.headers[i].value);
        }
    }
    *found = false;
    return (struct bytes){0};
}

static void resume(void *self)
{
    struct desk *desk = self;
    gate_open(&desk->later);
}

static const struct api_transport transport = {.header = get_header, .resume = resume};

static struct api_route rows[32];

static const struct api_routes *all_routes(void)
{
    static struct api_routes routes;
    const struct api_routes *tables[] = {&people_routes, &letters_routes, &events_routes};
    routes = (struct api_routes){.rows = rows};
    for (size_t i = 0; i < 3; i++) {
        memcpy(rows + routes.count, tables[i]->rows, tables[i]->count * sizeof rows[0]);
        routes.count += tables[i]->count;
    }
    return &routes;
}

int desk_open(void **state)
{
    struct desk *desk = mem_alloc(sizeof *desk);
    void *office = NULL;
    (void)office_open(&office);
    desk->office = office;
    rig_init(&desk->rig, all_routes());
    desk->rig.api.core = &desk->office->core;
    desk->office->core.tokens = desk->rig.core.tokens;
    buffer_init(&desk->body, BODY_MAX_BYTES);
    *state = desk;
    return 0;
}

int desk_close(void **state)
{
    struct desk *desk = *state;
    void *office = desk->office;
    rig_fini(&desk->rig);
    buffer_fini(&desk->body);
    mem_free(desk);
    return office_close(&office);
}

void desk_header(struct desk *desk, const char *name, const char *value)
{
    rig_header(&desk->rig, name, value);
}

/* Whatever the test did to the actor meanwhile (a token of less power) holds. */
static void admit(struct desk *desk, enum office_user user)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(bytes_of_str(tokens[user]), digest);
    cache_put(desk->rig.core.tokens, digest, INT64_MAX, &desk->office->actors[user]);
    desk_header(desk, "authorization",
                arena_printf(&desk->office->scratch.arena, "Bearer %s", tokens[user]));
}

static void feed(struct desk *desk, struct bytes body)
{
    struct api_call *call = &desk->rig.call;
    enum api_next next = API_MORE;
    do {
        size_t n = desk->piece_n == 0 || !api_call_streams(call) ? body.n : desk->piece_n;
        struct bytes piece = bytes_slice(body, 0, n);
        body = bytes_slice(body, piece.n, SIZE_MAX);
        next = api_call_feed(call, piece, body.n == 0);
    } while (next == API_MORE);
    if (next == API_LATER)
        assert_true(gate_wait(&desk->later, call->ctx.deadline_mono_ms));
}

static void read_body(struct desk *desk)
{
    struct api_reply *reply = &desk->rig.call.reply;
    buffer_clear(&desk->body);
    if (reply->source == NULL) {
        buffer_append(&desk->body, buffer_bytes(&reply->body));
        return;
    }
    for (;;) {
        uint8_t data[1009];
        size_t got = 0;
        assert_int_equal(
            reply->source->read(reply->source, &desk->rig.call.ctx, data, sizeof data, &got),
            ERR_OK);
        if (got == 0)
            break;
        buffer_append(&desk->body, bytes_of(data, got));
    }
    assert_int_equal(desk->body.n, reply->source_size);
}

unsigned desk_call(struct desk *desk, enum office_user user, enum api_method method,
                   const char *target, struct bytes body)
{
    struct api_call *call = &desk->rig.call;
    api_call_fini(call);
    api_call_init(call, &desk->rig.api);
    call->method = method;
    call->target = target;
    call->content_length = (int64_t)body.n;
    call->transport = &transport;
    call->transport_self = desk;
    gate_init(&desk->later);
    admit(desk, user);
    if (api_call_begin(call) == API_MORE)
        feed(desk, body);
    gate_fini(&desk->later);
    if (call->reply.source == NULL || call->reply.source->arm == NULL)
        read_body(desk);
    desk->rig.header_count = 0;
    return call->reply.status;
}

unsigned desk_json(struct desk *desk, enum office_user user, const char *target, const char *json)
{
    char *text = arena_str(&desk->office->scratch.arena, bytes_of_str(json));
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '\'')
            *c = '"';
    }
    desk_header(desk, "content-type", "application/json");
    return desk_call(desk, user, API_POST, target, bytes_of_str(text));
}

json_t *desk_object(struct desk *desk)
{
    json_t *object = json_parse_object(buffer_bytes(&desk->body));
    assert_non_null(object);
    return object;
}

const char *desk_member(struct desk *desk, const char *name)
{
    json_t *object = desk_object(desk);
    struct bytes value = {0};
    (void)json_get_bytes(object, name, &value);
    const char *text = arena_str(&desk->rig.call.arena, value);
    json_decref(object);
    return text;
}
