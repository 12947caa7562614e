#include "rig.h"

#include "api/origin.h"
#include "base/digest.h"
#include "base/mem.h"
#include "core/token.h"

#include <string.h>
#include <strings.h>

#define TIMEOUT_MS 10000

static struct bytes get_header(void *self, const char *name, bool *found)
{
    const struct rig *rig = self;
    for (size_t i = 0; i < rig->header_count; i++) {
        if (strcmp(rig->headers[i].name, name) == 0) {
            *found = true;
            return bytes_of_str(rig->headers[i].value);
        }
    }
    *found = false;
    return (struct bytes){0};
}

/* An issuer without keys: no token verifies. */
static enum err no_keys(void *self, struct ctx *ctx, struct bytes *json)
{
    (void)self;
    (void)ctx;
    *json = BYTES_LIT("{\"keys\":[]}");
    return ERR_OK;
}

static const struct api_transport transport = {.header = get_header};

void rig_init(struct rig *rig, const struct api_routes *rows)
{
    memset(rig, 0, sizeof *rig);
    rig->ports.records.nonblocking = true;
    rig->ports.keys.nonblocking = true;
    rig->core_config = (struct core_config){.sign_up_domains = "", .max_letter_bytes = 1u << 20};
    rig->core.ports = &rig->ports;
    rig->core.config = &rig->core_config;
    rig->ports.identity = (struct identity){
        .jwks = no_keys, .issuer = "http://localhost", .audience = "web", .algorithm = "ES256"};
    rig->core.verifier = token_verifier_create(&rig->ports.identity);
    rig->core.tokens = cache_create(16, sizeof(struct actor));
    rig->config = (struct api_config){
        .public_url = "http://localhost:3000/app",
        .allowed_origin = "",
        .backend = "embedded",
        .mail = "outbox",
        .request_timeout_ms = TIMEOUT_MS,
        .stream_timeout_ms = TIMEOUT_MS,
    };
    rig->api.core = &rig->core;
    rig->api.config = &rig->config;
    rig->api.router = router_create(&rows, 1);
    rig->api.public_origin = origin_of_url(rig->config.public_url);
    api_call_init(&rig->call, &rig->api);
}

void rig_fini(struct rig *rig)
{
    api_call_fini(&rig->call);
    router_destroy(rig->api.router);
    mem_free(rig->api.public_origin);
    cache_destroy(rig->core.tokens);
    token_verifier_destroy(rig->core.verifier);
}

void rig_admit(struct rig *rig, const char *token, enum actor_power power)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    digest_sha256(bytes_of_str(token), digest);
    struct actor actor = {.power = power, .username = "alice", .user_id = uuid_random()};
    cache_put(rig->core.tokens, digest, INT64_MAX, &actor);
}

void rig_header(struct rig *rig, const char *name, const char *value)
{
    rig->headers[rig->header_count++] = (struct api_header){name, value};
}

unsigned rig_call(struct rig *rig, enum api_method method, const char *target, const char *body)
{
    struct api_call *call = &rig->call;
    bool secure = call->secure;
    api_call_fini(call);
    api_call_init(call, &rig->api);
    call->method = method;
    call->target = target;
    call->secure = secure;
    call->content_length = (int64_t)strlen(body);
    call->transport = &transport;
    call->transport_self = rig;
    if (api_call_begin(call) == API_MORE)
        (void)api_call_feed(call, bytes_of_str(body), true);
    rig->header_count = 0;
    return call->reply.status;
}

const char *rig_reply_header(const struct rig *rig, const char *name)
{
    const struct api_reply *reply = &rig->call.reply;
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return NULL;
}

const char *rig_problem(struct rig *rig)
{
    json_t *document = json_parse_object(buffer_bytes(&rig->call.reply.body));
    struct bytes code = {0};
    (void)json_get_bytes(document, "code", &code);
    const char *text = arena_str(&rig->call.arena, code);
    json_decref(document);
    return text;
}
