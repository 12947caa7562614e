/* The keys port on KMS, one call a process, for tests/aws/test_keys.py:
 *
 *   keys_tool provision USER
 *   keys_tool describe USER
 *   keys_tool rotate USER
 *   keys_tool destroy USER
 *   keys_tool seal SENDER RECIPIENT LETTER copy|alone
 *   keys_tool open USER SESSION ID_TOKEN TIMES
 *   keys_tool check SENDER RECIPIENT
 *   keys_tool sweep SECONDS
 *
 * seal makes a sealed message of standard input, with the encryption context of a letter; open and
 * check read one, and open unwraps it that many times. provision and describe print the key's
 * reference, check whether the sender can open; sweep works that long after now, and prints how
 * many keys it swept. The backend is what the LETTERLOCK_AWS_* environment says. Exit status 1 with
 * the error's code on standard error, 2 on misuse. */
#include "aws/client/aws_client.h"
#include "aws/cognito/owner_credentials.h"
#include "aws/kms/kms_keys.h"
#include "aws/kms/kms_provision.h"
#include "base/json.h"
#include "core/letter_context.h"
#include "deployment.h"
#include "envelope/opener.h"
#include "envelope/sealer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define MESSAGE_MAX_BYTES (8u << 20)
#define TOKEN_LIFE_MS (INT64_C(3600) * 1000)

struct tool {
    char *const *arguments; /* behind the command */
    struct arena arena;
    struct ctx ctx;
    struct actor actor;
    struct aws_client *client;
    struct keys keys;
    struct buffer in;
    struct buffer out;
};

static void misuse(const char *what)
{
    (void)fprintf(stderr, "misuse: %s\n", what);
    exit(2);
}

static struct uuid id_argument(const struct tool *tool, int index)
{
    struct uuid id;
    if (!uuid_parse(bytes_of_str(tool->arguments[index]), &id))
        misuse("an id is a UUID");
    return id;
}

static void act_as(struct tool *tool, const struct uuid *user_id)
{
    tool->actor.user_id = *user_id;
    tool->ctx.actor = &tool->actor;
}

static void read_input(struct tool *tool)
{
    uint8_t chunk[4096];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        buffer_append(&tool->in, bytes_of(chunk, n));
    if (!buffer_ok(&tool->in))
        misuse("too much input");
}

static void print_key(struct tool *tool, const struct key_description *key)
{
    json_t *line = json_pack("{s:s,s:I}", "reference", key->reference, "created",
                             (json_int_t)key->created_unix_ms);
    json_write(&tool->out, line);
    json_decref(line);
}

/* --- commands --- */

static enum err provision(struct tool *tool)
{
    struct uuid user = id_argument(tool, 0);
    struct key_description key;
    enum err e = tool->keys.provision(tool->keys.self, &tool->ctx, &user, &key);
    if (e == ERR_OK)
        print_key(tool, &key);
    return e;
}

static enum err describe(struct tool *tool)
{
    struct uuid user = id_argument(tool, 0);
    struct key_description key;
    enum err e = tool->keys.describe(tool->keys.self, &tool->ctx, &user, &key);
    if (e == ERR_OK)
        print_key(tool, &key);
    return e;
}

static enum err rotate(struct tool *tool)
{
    struct uuid user = id_argument(tool, 0);
    struct key_description key;
    act_as(tool, &user);
    return tool->keys.rotate(tool->keys.self, &tool->ctx, &key);
}

static enum err destroy(struct tool *tool)
{
    struct uuid user = id_argument(tool, 0);
    return tool->keys.destroy(tool->keys.self, &tool->ctx, &user);
}

static enum err seal(struct tool *tool)
{
    struct uuid sender = id_argument(tool, 0);
    struct uuid recipient = id_argument(tool, 1);
    struct uuid letter = id_argument(tool, 2);
    struct letter_context context;
    struct key_wrapped wrapped = {0};
    struct sealer sealer = {0};
    act_as(tool, &sender);
    read_input(tool);
    letter_context_init(&context, &letter, &recipient, &sender);
    const struct key_wrap in = {
        .recipient_id = &recipient,
        .recipient_reference = "",
        .sender_reference = "",
        .copy = strcmp(tool->arguments[3], "copy") == 0,
        .context = letter_context_bytes(&context),
        .pairs = &context.pairs,
    };
    enum err e = tool->keys.wrap(tool->keys.self, &tool->ctx, &in, &wrapped);
    if (e == ERR_OK) {
        const struct sealer_message message = {letter_context_bytes(&context), wrapped.edks,
                                               wrapped.edk_count, HEADER_LETTER_FRAME_LENGTH};
        e = sealer_init(&sealer, &message, &wrapped.data_key, &tool->out);
    }
    if (e == ERR_OK)
        e = sealer_finish(&sealer, buffer_bytes(&tool->in), &tool->out);
    sealer_fini(&sealer);
    secret_fini(&wrapped.data_key);
    return e;
}

static enum err open_message(struct tool *tool)
{
    struct uuid user = id_argument(tool, 0);
    struct header header;
    struct secret data_key = {0};
    struct opener opener = {0};
    bool verified = true;
    long times = strtol(tool->arguments[3], NULL, 10);
    act_as(tool, &user);
    tool->actor.session_id = id_argument(tool, 1);
    tool->actor.id_token = bytes_of_str(tool->arguments[2]);
    tool->actor.power = tool->actor.id_token.n > 0 ? ACTOR_ID : ACTOR_ACCESS;
    tool->actor.expires_unix_ms = tool->ctx.now_unix_ms + TOKEN_LIFE_MS;
    read_input(tool);
    struct bytes message = buffer_bytes(&tool->in);
    enum err e = header_parse(message, &header, NULL);
    for (long i = 0; i < times && e == ERR_OK; i++)
        e = tool->keys.unwrap(tool->keys.self, &tool->ctx, &header, &user, &data_key, &verified);
    if (e == ERR_OK && verified)
        misuse("KMS cannot verify senders");
    if (e == ERR_OK)
        e = opener_init(&opener, &header, &data_key, NULL);
    if (e == ERR_OK)
        e = opener_push(&opener, bytes_slice(message, header.length, SIZE_MAX), &tool->out, NULL);
    if (e == ERR_OK)
        e = opener_finish(&opener, NULL);
    opener_fini(&opener);
    secret_fini(&data_key);
    return e;
}

static enum err check(struct tool *tool)
{
    struct uuid sender = id_argument(tool, 0);
    struct uuid recipient = id_argument(tool, 1);
    struct header header;
    bool can_open;
    bool verified;
    act_as(tool, &sender);
    read_input(tool);
    enum err e = header_parse(buffer_bytes(&tool->in), &header, NULL);
    if (e == ERR_OK)
        e = tool->keys.check_sealed(tool->keys.self, &tool->ctx, &header, &recipient, &can_open,
                                    &verified);
    if (e == ERR_OK)
        buffer_append_str(&tool->out, can_open ? "both" : "recipient");
    return e;
}

static enum err sweep(struct tool *tool)
{
    size_t swept;
    tool->ctx.now_unix_ms += strtoll(tool->arguments[0], NULL, 10) * 1000;
    enum err e = kms_provision_sweep(tool->client, &tool->ctx, &swept);
    if (e == ERR_OK)
        buffer_printf(&tool->out, "%zu", swept);
    return e;
}

static const struct command {
    const char *name;
    int arguments;
    enum err (*run)(struct tool *tool);
} commands[] = {
    {"provision", 1, provision}, {"describe", 1, describe}, {"rotate", 1, rotate},
    {"destroy", 1, destroy},     {"seal", 4, seal},         {"open", 4, open_message},
    {"check", 2, check},         {"sweep", 1, sweep},
};

static enum err run(struct tool *tool, const struct command *command)
{
    const struct aws_config config = deployment_config();
    enum err e = aws_client_create(&tool->ctx, &config, &tool->client);
    if (e != ERR_OK)
        return e;
    struct owner_credentials *owners = owner_credentials_create(tool->client);
    struct kms_keys *keys = kms_keys_create(tool->client, owners);
    tool->keys = kms_keys_port(keys);
    e = command->run(tool);
    kms_keys_destroy(keys);
    owner_credentials_destroy(owners);
    aws_client_destroy(tool->client);
    return e;
}

int main(int argc, char **argv)
{
    const struct command *command = NULL;
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) == 0 && argc == commands[i].arguments + 2)
            command = &commands[i];
    }
    if (command == NULL)
        misuse("see the source for the commands");
    json_cleanse_freed();
    struct tool tool = {.arguments = argv + 2};
    ctx_init(&tool.ctx, &tool.arena, TIMEOUT_MS);
    buffer_init(&tool.in, MESSAGE_MAX_BYTES);
    buffer_init(&tool.out, MESSAGE_MAX_BYTES);
    enum err e = run(&tool, command);
    if (e == ERR_OK)
        (void)fwrite(tool.out.p, 1, tool.out.n, stdout);
    else
        (void)fprintf(stderr, "%s %s\n", err_code(e), tool.ctx.detail);
    buffer_fini(&tool.in);
    buffer_fini(&tool.out);
    arena_fini(&tool.arena);
    return e == ERR_OK ? 0 : 1;
}
