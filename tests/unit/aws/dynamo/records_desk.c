/* One process at work on the tables, for tests with several of them:
 *
 *   records_desk add-user ID NAME
 *   records_desk send SENDER RECIPIENT COUNT    one letter for each of COUNT idempotency keys, the
 *                                               same ones in every process
 *   records_desk tidy RECIPIENT                 reads every letter once; deletes every third
 *   records_desk look USER                      what the user sees
 *   records_desk list USER                      letters sent that are unread, page by page
 *
 * Each prints one JSON object and gives 0 when all calls went well. */
#include "base/clock.h"
#include "base/json.h"
#include "tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 60000
#define SEALED_BYTES 700
#define QUOTA_BYTES (1 << 30)
#define PAGE 50
#define DELETED_OF 3

struct desk {
    struct tables_node node;
    struct records port;
    struct arena arena;
    struct ctx ctx;
    struct actor actor;
};

static void print(json_t *object)
{
    (void)json_dumpf(object, stdout, JSON_COMPACT);
    (void)puts("");
    json_decref(object);
}

static void act_as(struct desk *desk, const char *id)
{
    desk->actor = (struct actor){0};
    if (!uuid_parse(bytes_of_str(id), &desk->actor.user_id))
        exit(2);
    desk->ctx.actor = &desk->actor;
}

static enum err add_user(struct desk *desk, char **args)
{
    act_as(desk, args[0]);
    struct user_record user = {.id = desk->actor.user_id,
                               .username = args[1],
                               .email = "",
                               .topic_reference = "",
                               .state = USER_READY,
                               .created_unix_ms = desk->ctx.now_unix_ms};
    return desk->port.user_put(desk->port.self, &desk->ctx, &user);
}

static void take_result(void *arg, const struct message_put_result *result)
{
    struct message_put_result *out = arg;
    *out = *result;
}

static enum err send_one(struct desk *desk, const struct uuid *to, int i, bool *duplicate)
{
    struct message_put in = {
        .record = {.id = uuid_at(clock_unix_ms()),
                   .sender_id = desk->actor.user_id,
                   .recipient_id = *to,
                   .sent_unix_ms = clock_unix_ms(),
                   .size = 300,
                   .sealed_size = SEALED_BYTES,
                   .inline_frames = true,
                   .header = BYTES_LIT("header"),
                   .frames = BYTES_LIT("frames")},
        .idempotency_key = bytes_of_str(arena_printf(&desk->arena, "key-%d", i)),
        .quota_bytes = QUOTA_BYTES,
    };
    struct message_put_result result = {0};
    desk->port.message_put(desk->port.self, &desk->ctx, &in, take_result, &result);
    *duplicate = result.duplicate;
    return result.e;
}

static enum err send_letters(struct desk *desk, char **args)
{
    struct uuid to;
    int counts[2] = {0, 0};
    act_as(desk, args[0]);
    if (!uuid_parse(bytes_of_str(args[1]), &to))
        return ERR_INVALID_FIELD;
    for (int i = 0; i < atoi(args[2]); i++) {
        bool duplicate = false;
        enum err e = send_one(desk, &to, i, &duplicate);
        if (e != ERR_OK)
            return e;
        counts[duplicate]++;
    }
    print(json_pack("{s:i,s:i}", "stored", counts[0], "duplicates", counts[1]));
    return ERR_OK;
}

/* Another process does the same: what it was faster at is not found any more. */
static enum err tidy_one(struct desk *desk, const struct uuid *id, int *read, int *deleted)
{
    struct records *port = &desk->port;
    struct message_record m;
    bool changed = false;
    enum err e = port->message_mark_read(port->self, &desk->ctx, id, &m, &changed);
    *read += changed;
    if (e == ERR_OK && id->b[UUID_BYTES - 1] % DELETED_OF == 0) {
        e = port->message_delete(port->self, &desk->ctx, id, &m);
        *deleted += e == ERR_OK;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err tidy(struct desk *desk, char **args)
{
    struct message_query query = {.box = BOX_INBOX, .limit = PAGE};
    int read = 0;
    int deleted = 0;
    act_as(desk, args[0]);
    for (;;) {
        struct message_page page;
        enum err e = desk->port.messages_list(desk->port.self, &desk->ctx, &query, &page);
        for (size_t i = 0; e == ERR_OK && i < page.count; i++)
            e = tidy_one(desk, &page.items[i].id, &read, &deleted);
        if (e != ERR_OK)
            return e;
        if (page.next_cursor == NULL)
            break;
        query.cursor = bytes_of_str(page.next_cursor);
    }
    print(json_pack("{s:i,s:i}", "read", read, "deleted", deleted));
    return ERR_OK;
}

static enum err look(struct desk *desk, char **args)
{
    struct unread_summary unread;
    int64_t used_bytes = 0;
    act_as(desk, args[0]);
    enum err e = desk->port.unread(desk->port.self, &desk->ctx, &unread);
    if (e == ERR_OK)
        e = desk->port.user_usage(desk->port.self, &desk->ctx, &desk->actor.user_id, &used_bytes);
    if (e == ERR_OK)
        print(json_pack("{s:I,s:I}", "unread", (json_int_t)unread.count, "used",
                        (json_int_t)used_bytes));
    return e;
}

static enum err list(struct desk *desk, char **args)
{
    struct message_query query = {.box = BOX_SENT, .unread_only = true, .limit = PAGE};
    json_t *pages = json_array();
    act_as(desk, args[0]);
    for (;;) {
        struct message_page page;
        enum err e = desk->port.messages_list(desk->port.self, &desk->ctx, &query, &page);
        if (e != ERR_OK)
            return e;
        json_t *ids = json_array();
        for (size_t i = 0; i < page.count; i++)
            json_array_append_new(ids, json_from_uuid(&page.items[i].id));
        json_array_append_new(pages, ids);
        if (page.next_cursor == NULL)
            break;
        query.cursor = bytes_of_str(page.next_cursor);
    }
    print(json_pack("{s:o}", "pages", pages));
    return ERR_OK;
}

static const struct {
    const char *name;
    int args;
    enum err (*run)(struct desk *desk, char **args);
} commands[] = {
    {"add-user", 2, add_user}, {"send", 3, send_letters}, {"tidy", 1, tidy},
    {"look", 1, look},         {"list", 1, list},
};

static enum err run(int i, char **args)
{
    struct desk desk = {0};
    tables_open(&desk.node, tables_setting("LETTERLOCK_AWS_USERS_TABLE"),
                tables_setting("LETTERLOCK_AWS_MESSAGES_TABLE"));
    desk.port = dynamo_records_port(desk.node.records);
    arena_init(&desk.arena);
    ctx_init(&desk.ctx, &desk.arena, TIMEOUT_MS);
    enum err e = commands[i].run(&desk, args);
    if (e != ERR_OK)
        (void)fprintf(stderr, "%s: %s\n", commands[i].name, err_code(e));
    arena_fini(&desk.arena);
    tables_close(&desk.node);
    return e;
}

int main(int argc, char **argv)
{
    for (int i = 0; i < (int)(sizeof commands / sizeof commands[0]); i++) {
        if (argc >= 2 && strcmp(argv[1], commands[i].name) == 0 && argc == commands[i].args + 2)
            return run(i, argv + 2) == ERR_OK ? 0 : 1;
    }
    (void)fputs("usage: see the head of records_desk.c\n", stderr);
    return 2;
}
