#include "api/people.h"

#include "api/query.h"
#include "api/reply.h"
#include "api/resource.h"
#include "api/router.h"
#include "base/encode.h"
#include "core/people.h"

/* Hex digits between two spaces of a fingerprint, for reading aloud. */
#define FINGERPRINT_GROUP 4u

static json_t *person_view(const struct user_record *user)
{
    json_t *value = json_object();
    json_object_set_new(value, "id", json_from_uuid(&user->id));
    json_object_set_new(value, "username", json_from_bytes(bytes_of_str(user->username)));
    return value;
}

static enum api_next list(struct api_call *call)
{
    size_t limit = 0;
    struct bytes cursor;
    struct bytes prefix = {0};
    struct user_page page = {0};
    (void)router_query(call, "q", &prefix);
    enum err e = query_page(call, &limit, &cursor);
    if (e == ERR_OK)
        e = people_list(call->api->core, &call->ctx, prefix, limit, cursor, &page);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    json_t *items = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(items, person_view(&page.items[i]));
    return reply_list(call, items, page.next_cursor);
}

static json_t *base64_text(struct bytes data)
{
    struct buffer text;
    buffer_init(&text, 2 * data.n + 4);
    encode_base64(&text, data);
    json_t *value = json_from_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return value;
}

static json_t *grouped_hex(struct bytes data)
{
    struct buffer text;
    buffer_init(&text, 3 * data.n);
    for (size_t at = 0; at < data.n; at += FINGERPRINT_GROUP / 2) {
        if (at > 0)
            buffer_append_u8(&text, ' ');
        encode_hex(&text, bytes_slice(data, at, FINGERPRINT_GROUP / 2));
    }
    json_t *value = json_from_bytes(buffer_bytes(&text));
    buffer_fini(&text);
    return value;
}

static enum api_next show(struct api_call *call)
{
    struct uuid id;
    struct person person;
    enum err e = router_uuid(call, 0, &id);
    if (e == ERR_OK)
        e = people_get(call->api->core, &call->ctx, &id, &person);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    json_t *value = person_view(&person.user);
    if (person.key.has_point)
        json_object_set_new(value, "public_key",
                            base64_text(bytes_of(person.key.point, sizeof person.key.point)));
    else
        json_object_set_new(value, "key_arn", json_string(person.key.reference));
    json_object_set_new(value, "fingerprint",
                        grouped_hex(bytes_of(person.fingerprint, sizeof person.fingerprint)));
    return reply_json(call, 200, value);
}

static const struct api_route rows[] = {
    {.method = API_GET,
     .pattern = "/v1/people",
     .auth = API_AUTH_ANY,
     .where = API_INLINE,
     .handle = list},
    {.method = API_GET,
     .pattern = "/v1/people/{id}",
     .auth = API_AUTH_ANY,
     .where = API_INLINE,
     .handle = show},
};

const struct api_routes people_routes = {rows, sizeof rows / sizeof rows[0]};
