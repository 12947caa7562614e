#include "aws/dynamo/dynamo_rows.h"

#include <assert.h>

/* A page of which a filter leaves little is read on this far; it may then end short, with a
 * cursor. */
#define REQUESTS_MAX 24
#define FILTERED_ITEMS 100
#define SOURCES_MAX 2
#define FILTER_UNREAD " AND attribute_not_exists(readAt)"

/* One index that the list comes from, read newest first. */
struct source {
    const char *index;
    const char *owner_attribute;
    const char *owner;
    const char *filter;       /* further condition, about :other when that is set; or "" */
    const struct uuid *other; /* or NULL */
    bool unread_only;         /* by filter: the index has read ones, too */
    json_t *items;            /* the page read last; owned */
    size_t at;
    json_t *start; /* where the next page starts; owned; NULL at the end of the index */
    bool begun;
};

struct list_call {
    struct dynamo_records *records;
    struct ctx *ctx;
    const struct message_query *query;
    struct message_page *out;
    struct bytes before; /* sort key: only what is older; empty: everything */
    struct source sources[SOURCES_MAX];
    size_t source_count;
    int requests;
    struct bytes last; /* sort key where the page ends, in the arena */
    bool more;
};

/* --- what the list comes from --- */

static struct source *add_source(struct list_call *call, const char *index, const char *attribute,
                                 const char *owner)
{
    struct source *source = &call->sources[call->source_count++];
    *source =
        (struct source){.index = index, .owner_attribute = attribute, .owner = owner, .filter = ""};
    return source;
}

static struct source *add_inbox(struct list_call *call, const char *actor)
{
    return call->query->unread_only
               ? add_source(call, DYNAMO_UNREAD_INDEX, "unreadFor", actor)
               : add_source(call, DYNAMO_RECIPIENT_INDEX, "recipientId", actor);
}

static void choose_conversation(struct list_call *call, const char *actor)
{
    const struct message_query *query = call->query;
    if (query->box == BOX_INBOX && query->unread_only) {
        struct source *source = add_inbox(call, actor);
        source->filter = " AND senderId = :other";
        source->other = query->with;
        return;
    }
    char *conversation = arena_alloc(call->ctx->arena, DYNAMO_CONVERSATION_BYTES);
    dynamo_row_conversation(&call->ctx->actor->user_id, query->with, conversation);
    struct source *source =
        add_source(call, DYNAMO_CONVERSATION_INDEX, "conversationId", conversation);
    source->unread_only = query->unread_only;
    if (query->box == BOX_ANY)
        return;
    source->filter =
        query->box == BOX_INBOX ? " AND recipientId = :other" : " AND senderId = :other";
    source->other = &call->ctx->actor->user_id;
}

static void choose_sources(struct list_call *call, const char *actor)
{
    const struct message_query *query = call->query;
    if (query->with != NULL) {
        choose_conversation(call, actor);
        return;
    }
    if (query->box != BOX_SENT)
        (void)add_inbox(call, actor);
    if (query->box == BOX_INBOX)
        return;
    struct source *sent = add_source(call, DYNAMO_SENDER_INDEX, "senderId", actor);
    sent->unread_only = query->unread_only;
    if (query->box != BOX_ANY)
        return;
    /* A letter to oneself is in the inbox already. */
    sent->filter = " AND recipientId <> :other";
    sent->other = &call->ctx->actor->user_id;
}

/* --- reading a source --- */

static json_t *request_of(const struct list_call *call, const struct source *source)
{
    struct arena *arena = call->ctx->arena;
    bool is_part_of_conversation = call->query->with != NULL && source->other != NULL;
    bool filtered = source->unread_only || is_part_of_conversation;
    size_t limit = call->query->limit + 1;
    if (filtered && limit < FILTERED_ITEMS)
        limit = FILTERED_ITEMS;
    json_t *values = json_object();
    dynamo_item_set_text(values, ":owner", bytes_of_str(source->owner));
    dynamo_item_set_number(values, ":now", call->ctx->now_unix_ms);
    if (call->before.n > 0)
        dynamo_item_set_text(values, ":before", call->before);
    if (source->other != NULL)
        dynamo_item_set_uuid(values, ":other", source->other);
    json_t *in = json_pack(
        "{s:s,s:s,s:s,s:s,s:o,s:b,s:I}", "TableName", call->records->messages_table, "IndexName",
        source->index, "KeyConditionExpression",
        arena_printf(arena, "%s = :owner%s", source->owner_attribute,
                     call->before.n > 0 ? " AND sortKey < :before" : ""),
        "FilterExpression",
        arena_printf(arena, DYNAMO_VISIBLE "%s%s", source->filter,
                     source->unread_only ? FILTER_UNREAD : ""),
        "ExpressionAttributeValues", values, "ScanIndexForward", 0, "Limit", (json_int_t)limit);
    if (source->start != NULL)
        json_object_set(in, "ExclusiveStartKey", source->start);
    return in;
}

static bool is_empty(const struct source *source)
{
    return source->at >= json_array_size(source->items);
}

static bool has_ended(const struct source *source)
{
    return is_empty(source) && source->begun && source->start == NULL;
}

/* Reads until the source has a letter or ends, or the requests of this page are used up. */
static enum err fill(struct list_call *call, struct source *source)
{
    while (is_empty(source) && !has_ended(source) && call->requests < REQUESTS_MAX) {
        struct dynamo_answer answer = {0};
        enum err e = dynamo_call_run(call->records->client, call->ctx, "Query",
                                     request_of(call, source), &answer);
        if (e != ERR_OK)
            return e;
        call->requests++;
        json_decref(source->items);
        json_decref(source->start);
        source->items = json_incref(json_object_get(answer.body, "Items"));
        source->start = json_incref(json_object_get(answer.body, "LastEvaluatedKey"));
        source->at = 0;
        source->begun = true;
        dynamo_call_end(&answer);
    }
    return ERR_OK;
}

/* The sort key of the source's next letter, or where it was left when it is empty. */
static struct bytes key_of(const struct source *source)
{
    struct bytes key = {0};
    (void)dynamo_item_text(is_empty(source) ? source->start
                                            : json_array_get(source->items, source->at),
                           "sortKey", &key);
    return key;
}

/* The source that has the newest to give; NULL when all have ended. */
static enum err newest_source(struct list_call *call, struct source **out)
{
    *out = NULL;
    for (size_t i = 0; i < call->source_count; i++) {
        struct source *source = &call->sources[i];
        enum err e = fill(call, source);
        if (e != ERR_OK)
            return e;
        if (!has_ended(source) && (*out == NULL || bytes_compare(key_of(source), key_of(*out)) > 0))
            *out = source;
    }
    return ERR_OK;
}

static enum err read_page(struct list_call *call)
{
    struct message_page *out = call->out;
    for (;;) {
        struct source *source;
        enum err e = newest_source(call, &source);
        if (e != ERR_OK || source == NULL)
            return e;
        call->more = out->count == call->query->limit;
        if (call->more)
            return ERR_OK;
        call->last = arena_copy(call->ctx->arena, key_of(source));
        if (is_empty(source)) {
            call->more = true;
            return ERR_OK;
        }
        const json_t *item = json_array_get(source->items, source->at++);
        if (!dynamo_row_message(item, call->ctx->arena, &out->items[out->count++]))
            return ctx_log_fail(call->ctx, ERR_INTERNAL, "letter_item_invalid", "%s", "");
    }
}

/* --- pages --- */

/* What makes the list this list, for its cursors. */
static struct bytes list_identity(struct ctx *ctx, const struct message_query *query,
                                  const char *actor)
{
    char with[UUID_TEXT_BYTES] = "";
    if (query->with != NULL)
        uuid_format(query->with, with);
    return bytes_of_str(arena_printf(ctx->arena, "messages %s %d %d %s", actor, (int)query->box,
                                     query->unread_only, with));
}

static enum err list(struct list_call *call, struct bytes identity)
{
    enum err e = read_page(call);
    for (size_t i = 0; i < call->source_count; i++) {
        json_decref(call->sources[i].items);
        json_decref(call->sources[i].start);
    }
    if (e == ERR_OK)
        e = dynamo_names_fill(call->records, call->ctx, call->out->items, call->out->count);
    if (e == ERR_OK && call->more)
        e = dynamo_cursor_write(call->records, call->ctx, identity, call->last,
                                &call->out->next_cursor);
    return e;
}

enum err dynamo_messages_list(void *self, struct ctx *ctx, const struct message_query *query,
                              struct message_page *out)
{
    assert(query->limit >= 1 && query->limit <= RECORDS_PAGE_MAX);
    struct list_call call = {.records = self, .ctx = ctx, .query = query, .out = out};
    char actor[UUID_TEXT_BYTES];
    uuid_format(&ctx->actor->user_id, actor);
    struct bytes identity = list_identity(ctx, query, actor);
    *out = (struct message_page){0};
    if (query->cursor.n > 0) {
        enum err e = dynamo_cursor_read(self, ctx, identity, query->cursor, &call.before);
        if (e != ERR_OK)
            return e;
    }
    out->items = arena_calloc(ctx->arena, query->limit, sizeof *out->items);
    choose_sources(&call, actor);
    return list(&call, identity);
}
