#include "api/letters.h"

#include "api/content.h"
#include "api/letter_view.h"
#include "api/letters_post.h"
#include "api/query.h"
#include "api/reply.h"
#include "api/resource.h"
#include "api/router.h"
#include "base/encode.h"
#include "core/letter_link.h"
#include "core/letters.h"
#include "core/unread.h"

#define LINK_HEADER_MAX_BYTES (256u << 10) /* base64 of the longest header */

static enum err read_box(struct api_call *call, enum message_box *box)
{
    struct bytes text;
    if (!router_query(call, "box", &text))
        return ERR_OK;
    if (bytes_equal_str(text, "inbox"))
        *box = BOX_INBOX;
    else if (bytes_equal_str(text, "sent"))
        *box = BOX_SENT;
    else
        return ctx_fail(&call->ctx, ERR_INVALID_FIELD, "box must be inbox or sent.");
    return ERR_OK;
}

static enum err read_filter(struct api_call *call, struct letters_filter *filter)
{
    enum err e = read_box(call, &filter->box);
    if (e == ERR_OK)
        e = query_flag(call, "unread", &filter->unread_only);
    if (e == ERR_OK)
        e = query_page(call, &filter->limit, &filter->cursor);
    if (e == ERR_OK && router_query(call, "with", &filter->with) && filter->with.n == 0)
        e = ctx_fail(&call->ctx, ERR_INVALID_FIELD, "with must be a username or an id.");
    return e;
}

static enum api_next list(struct api_call *call)
{
    struct core *core = call->api->core;
    struct letters_filter filter = {.box = BOX_ANY};
    struct message_page page = {0};
    int64_t lost_before_unix_ms = 0;
    enum err e = read_filter(call, &filter);
    if (e == ERR_OK)
        e = letters_list(core, &call->ctx, &filter, &page);
    if (e == ERR_OK)
        e = letters_lost_before(core, &call->ctx, &lost_before_unix_ms);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    struct buffer *out = &call->reply.body;
    buffer_append_str(out, "{\"items\":[");
    for (size_t i = 0; i < page.count; i++) {
        if (i > 0)
            buffer_append_u8(out, ',');
        letter_view_write(out, &page.items[i], &call->actor, lost_before_unix_ms);
    }
    buffer_append_str(out, "],\"next_cursor\":");
    if (page.next_cursor == NULL)
        buffer_append_str(out, "null");
    else
        json_write_string(out, bytes_of_str(page.next_cursor));
    buffer_append_u8(out, '}');
    return reply_json_written(call, 200);
}

static json_t *unread_sender_view(const struct unread_sender *sender)
{
    json_t *value = json_object();
    json_object_set_new(value, "id", json_from_uuid(&sender->id));
    json_object_set_new(value, "username", json_from_bytes(bytes_of_str(sender->username)));
    json_object_set_new(value, "count", json_integer((json_int_t)sender->count));
    json_object_set_new(value, "latest", json_from_time(sender->latest_unix_ms));
    return value;
}

static enum api_next count_unread(struct api_call *call)
{
    struct unread_summary summary = {0};
    enum err e = unread_get(call->api->core, &call->ctx, &summary);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    json_t *senders = json_array();
    for (size_t i = 0; i < summary.sender_count; i++)
        json_array_append_new(senders, unread_sender_view(&summary.senders[i]));
    json_t *value = json_object();
    json_object_set_new(value, "count", json_integer((json_int_t)summary.count));
    json_object_set_new(value, "senders", senders);
    return reply_json(call, 200, value);
}

static enum api_next show(struct api_call *call)
{
    struct core *core = call->api->core;
    struct uuid id;
    struct message_record letter;
    int64_t lost_before_unix_ms = 0;
    enum err e = router_uuid(call, 0, &id);
    if (e == ERR_OK)
        e = letters_get(core, &call->ctx, &id, &letter);
    if (e == ERR_OK)
        e = letters_lost_before(core, &call->ctx, &lost_before_unix_ms);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    letter_view_write(&call->reply.body, &letter, &call->actor, lost_before_unix_ms);
    return reply_json_written(call, 200);
}

static enum api_next mark_read(struct api_call *call)
{
    struct uuid id;
    enum err e = router_uuid(call, 0, &id);
    if (e == ERR_OK)
        e = letters_mark_read(call->api->core, &call->ctx, &id);
    return e == ERR_OK ? reply_done(call) : api_call_refuse(call, e);
}

static enum api_next erase(struct api_call *call)
{
    struct uuid id;
    enum err e = router_uuid(call, 0, &id);
    if (e == ERR_OK)
        e = letters_delete(call->api->core, &call->ctx, &id);
    return e == ERR_OK ? reply_done(call) : api_call_refuse(call, e);
}

static enum api_next give_link(struct api_call *call)
{
    struct letter_link link;
    struct buffer header;
    struct uuid id;
    enum err e = router_uuid(call, 0, &id);
    if (e == ERR_OK)
        e = letter_link_get(call->api->core, &call->ctx, &id, &link);
    if (e != ERR_OK)
        return api_call_refuse(call, e);
    buffer_init(&header, LINK_HEADER_MAX_BYTES);
    encode_base64(&header, link.header);
    json_t *document = json_object();
    json_object_set_new(document, "header", json_from_bytes(buffer_bytes(&header)));
    json_object_set_new(document, "frames_url", json_string(link.frames_url));
    json_object_set_new(document, "expires_in", json_integer(link.expires_in_s));
    buffer_fini(&header);
    return reply_json(call, 200, document);
}

static const struct api_route rows[] = {
    {.method = API_POST,
     .pattern = "/v1/letters",
     .auth = API_AUTH_ANY,
     .where = API_INLINE,
     .body_max = API_BODY_LETTER,
     .start = letters_post_start,
     .chunk = letters_post_chunk,
     .inline_max = LETTERS_POST_INLINE_MAX_BYTES},
    {.method = API_GET,
     .pattern = "/v1/letters",
     .auth = API_AUTH_ANY,
     .where = API_INLINE,
     .handle = list},
    {.method = API_GET,
     .pattern = "/v1/letters/unread",
     .auth = API_AUTH_ANY,
     .where = API_INLINE,
     .handle = count_unread},
    {.method = API_GET,
     .pattern = "/v1/letters/{id}",
     .auth = API_AUTH_ANY,
     .where = API_INLINE,
     .handle = show},
    {.method = API_DELETE, .pattern = "/v1/letters/{id}", .auth = API_AUTH_ANY, .handle = erase},
    {.method = API_POST,
     .pattern = "/v1/letters/{id}/read",
     .auth = API_AUTH_ANY,
     .handle = mark_read},
    {.method = API_GET,
     .pattern = "/v1/letters/{id}/manifest",
     .auth = API_AUTH_ID,
     .handle = content_manifest},
    {.method = API_GET,
     .pattern = "/v1/letters/{id}/content",
     .auth = API_AUTH_ID,
     .handle = content_download},
    {.method = API_GET,
     .pattern = "/v1/letters/{id}/sealed",
     .auth = API_AUTH_ANY,
     .handle = content_sealed},
    {.method = API_GET,
     .pattern = "/v1/letters/{id}/link",
     .auth = API_AUTH_ANY,
     .handle = give_link},
};

const struct api_routes letters_routes = {rows, sizeof rows / sizeof rows[0]};
