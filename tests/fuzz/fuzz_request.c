/* Requests of arbitrary targets, headers and bodies: routing, credentials, media types, JSON
 * fields. Input: a byte for the method and the scheme, then lines: target, headers as "name value",
 * an empty one, the body. Whatever comes, the reply is complete and every refusal a problem
 * document. */
#include "api/fields.h"
#include "api/reply.h"
#include "fuzz.h"
#include "rig.h"

#include <string.h>

#define TARGET_MAX 16384u
#define VALUE_MAX 512u

static enum api_next show(struct api_call *call)
{
    struct bytes q = {0};
    (void)router_query(call, "q", &q);
    json_t *value = json_object();
    json_object_set_new(value, "param", json_from_bytes(call->params[0]));
    json_object_set_new(value, "q", json_from_bytes(q));
    return reply_json(call, 200, value);
}

static enum api_next read_fields(struct api_call *call)
{
    struct fields fields = fields_open(call);
    (void)fields_text(&fields, "name", 16);
    (void)fields_optional_text(&fields, "nick", 16);
    (void)fields_optional_int(&fields, "age", 0, 150, 0);
    (void)fields_optional_bool(&fields, "kind", false);
    enum err e = fields.e;
    fields_close(&fields);
    return e == ERR_OK ? reply_done(call) : api_call_refuse(call, e);
}

static const struct api_route rows[] = {
    {.method = API_GET, .pattern = "/a/{x}", .handle = show},
    {.method = API_GET, .pattern = "/a/{x}/{y}", .auth = API_AUTH_ANY, .handle = show},
    {.method = API_POST, .pattern = "/a", .auth = API_AUTH_ID, .handle = show},
    {.method = API_POST, .pattern = "/b", .body_max = 4096, .json = true, .handle = read_fields},
};
static const struct api_routes table = {rows, sizeof rows / sizeof rows[0]};

/* The next line as a string, cut to max bytes and at a NUL. */
static void take_line(struct bytes *input, char *out, size_t max)
{
    size_t end = bytes_find(*input, '\n', 0);
    struct bytes line = bytes_slice(*input, 0, end);
    size_t n = line.n < max ? line.n : max;
    if (n > 0)
        memcpy(out, line.p, n);
    out[n] = '\0';
    *input = bytes_slice(*input, end == SIZE_MAX ? input->n : end + 1, SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rig rig;
    static char target[TARGET_MAX + 1];
    static char lines[RIG_HEADERS_MAX][VALUE_MAX + 1];
    struct bytes input = bytes_of(data, size);
    uint8_t kind = fuzz_take_byte(&input);
    rig_init(&rig, &table);
    rig.config.allowed_origin = "https://a";
    rig_admit(&rig, "t", ACTOR_ID);
    rig.call.secure = (kind & 0x80) != 0;
    take_line(&input, target, TARGET_MAX);
    for (size_t i = 0; i < RIG_HEADERS_MAX; i++) {
        take_line(&input, lines[i], VALUE_MAX);
        char *space = strchr(lines[i], ' ');
        if (space == NULL)
            break;
        *space = '\0';
        rig_header(&rig, lines[i], space + 1);
    }
    char *body = strndup(input.n > 0 ? (const char *)input.p : "", input.n);
    unsigned status =
        rig_call(&rig, (enum api_method)((kind & 0x7f) % (API_OPTIONS + 1)), target, body);
    fuzz_require(status == 200 || status == 204 || (status >= 400 && status < 500));
    fuzz_require(status < 400 || *rig_problem(&rig) != '\0');
    fuzz_require(rig_reply_header(&rig, "X-Request-Id") != NULL);
    free(body);
    rig_fini(&rig);
    return 0;
}
