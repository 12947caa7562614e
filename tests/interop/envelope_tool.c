/* Seals and opens messages between stdin and stdout for the interoperability tests:
 *
 *   envelope_tool seal --frame BYTES --to POINT_HEX [--from KEY.pem] [NAME=VALUE]...
 *   envelope_tool open --key KEY.pem
 *
 * Sealing is static-static with --from and ephemeral without. Opening writes one JSON line to
 * stderr: the encryption context and the sender's point. Exit status 1 with the reason on stderr
 * when a message is refused, 2 on misuse. */
#include "base/encode.h"
#include "base/json.h"
#include "base/mem.h"
#include "envelope/ecdh_encoding.h"
#include "envelope/encryption_context.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/opener.h"
#include "envelope/sealer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (256u << 10)
#define OUT_MAX_BYTES                                                                              \
    (4u << 20) /* a chunk, what was held before it, and the overhead of frames                     \
                */

struct options {
    const char *frame;
    const char *to;
    const char *from;
    const char *key;
    struct encryption_context context;
};

static void misuse(const char *what)
{
    (void)fprintf(stderr, "misuse: %s\n", what);
    exit(2);
}

static int refuse(enum err e, enum envelope_reason reason)
{
    (void)fprintf(stderr, "%s %s\n", err_code(e), envelope_reason_text(reason));
    return 1;
}

static void add_pair(struct encryption_context *context, const char *argument)
{
    const char *equals = strchr(argument, '=');
    if (equals == NULL)
        misuse("a pair is NAME=VALUE");
    struct bytes name = bytes_of(argument, (size_t)(equals - argument));
    if (encryption_context_add(context, name, bytes_of_str(equals + 1)) != ERR_OK)
        misuse("bad pair");
}

static struct options parse_options(int argc, char **argv)
{
    struct options o = {0};
    const struct {
        const char *name;
        const char **value;
    } known[] = {{"--frame", &o.frame}, {"--to", &o.to}, {"--from", &o.from}, {"--key", &o.key}};
    for (int i = 2; i < argc; i++) {
        const char **value = NULL;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
            if (strcmp(argv[i], known[k].name) == 0)
                value = known[k].value;
        }
        if (value == NULL)
            add_pair(&o.context, argv[i]);
        else if (i + 1 == argc)
            misuse("an option lacks its value");
        else
            *value = argv[++i];
    }
    return o;
}

static void read_key(const char *path, struct ecdh_key *key)
{
    char text[ECDH_ENCODING_MAX_BYTES];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        misuse("cannot open the key file");
    size_t n = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    if (ecdh_encoding_read_pem(bytes_of(text, n), key) != ERR_OK)
        misuse("not a P-256 private key in PEM");
    mem_cleanse(text, sizeof text);
}

static void write_out(struct buffer *out)
{
    if (out->n > 0 && fwrite(out->p, 1, out->n, stdout) != out->n)
        misuse("cannot write");
    buffer_clear(out);
}

static void wrap(const struct options *o, struct bytes aad, const struct secret *data_key,
                 struct keyring_ecdh_edk *out)
{
    struct ecdh_point point;
    struct ecdh_public recipient;
    if (!encode_hex_decode(bytes_of_str(o->to), point.b, sizeof point.b) ||
        ecdh_public_parse(&point, &recipient) != ERR_OK)
        misuse("--to takes a compressed P-256 point");
    if (o->from == NULL) {
        keyring_ecdh_wrap_ephemeral(&recipient, aad, data_key, out);
        return;
    }
    struct ecdh_key sender;
    struct secret z;
    read_key(o->from, &sender);
    ecdh_key_agree(&sender, &recipient, &z);
    keyring_ecdh_wrap(&z, &sender.public.point, &recipient.point, aad, data_key, out);
    secret_fini(&z);
    ecdh_key_fini(&sender);
}

static enum err seal_stream(struct sealer *sealer, struct buffer *out)
{
    uint8_t *chunk = mem_alloc(CHUNK_BYTES);
    enum err e = ERR_OK;
    size_t n;
    while (e == ERR_OK && (n = fread(chunk, 1, CHUNK_BYTES, stdin)) > 0) {
        e = sealer_push(sealer, bytes_of(chunk, n), out);
        write_out(out);
    }
    if (e == ERR_OK)
        e = sealer_finish(sealer, (struct bytes){0}, out);
    write_out(out);
    mem_free(chunk);
    return e;
}

static int seal(const struct options *o)
{
    if (o->to == NULL || o->frame == NULL)
        misuse("seal takes --to and --frame");
    struct secret data_key;
    struct buffer aad;
    struct buffer out;
    struct keyring_ecdh_edk wrapped;
    struct sealer sealer;
    secret_random(&data_key);
    buffer_init(&aad, ENCRYPTION_CONTEXT_MAX_BYTES);
    buffer_init(&out, OUT_MAX_BYTES);
    encryption_context_write(&o->context, &aad);
    wrap(o, buffer_bytes(&aad), &data_key, &wrapped);
    struct edk edk = keyring_ecdh_edk_view(&wrapped);
    struct sealer_message message = {buffer_bytes(&aad), &edk, 1,
                                     (uint32_t)strtoul(o->frame, NULL, 10)};
    enum err e = sealer_init(&sealer, &message, &data_key, &out);
    if (e == ERR_OK)
        e = seal_stream(&sealer, &out);
    sealer_fini(&sealer);
    buffer_fini(&out);
    buffer_fini(&aad);
    secret_fini(&data_key);
    return e == ERR_OK ? 0 : refuse(e, ENVELOPE_REASON_NONE);
}

/* Reads from stdin until the header is whole; *rest is what came behind it. */
static enum err read_header(struct buffer *start, struct header *header, struct bytes *rest,
                            enum envelope_reason *reason)
{
    size_t need = 1;
    enum header_scan scan = HEADER_NEEDS_MORE;
    while (scan == HEADER_NEEDS_MORE) {
        uint8_t *p = buffer_reserve(start, need - start->n);
        size_t n = fread(p, 1, need - start->n, stdin);
        if (n == 0)
            return envelope_reason_set(reason, ENVELOPE_REASON_TRUNCATED);
        buffer_commit(start, n);
        scan = header_scan(buffer_bytes(start), header, &need, reason);
    }
    if (scan == HEADER_MALFORMED)
        return envelope_reason_set(reason, *reason);
    *rest = bytes_slice(buffer_bytes(start), header->length, SIZE_MAX);
    return ERR_OK;
}

static enum err open_stream(struct opener *opener, struct bytes rest, enum envelope_reason *reason)
{
    struct buffer out;
    buffer_init(&out, OUT_MAX_BYTES);
    uint8_t *chunk = mem_alloc(CHUNK_BYTES);
    enum err e = opener_push(opener, rest, &out, reason);
    size_t n;
    while (e == ERR_OK && (n = fread(chunk, 1, CHUNK_BYTES, stdin)) > 0) {
        e = opener_push(opener, bytes_of(chunk, n), &out, reason);
        write_out(&out);
    }
    if (e == ERR_OK)
        e = opener_finish(opener, reason);
    mem_free(chunk);
    buffer_fini(&out);
    return e;
}

static void report(const struct header *header, const struct ecdh_point *sender)
{
    json_t *context = json_object();
    struct encryption_context_walk walk = encryption_context_walk_of(header->aad);
    struct encryption_context_pair pair;
    while (encryption_context_next(&walk, &pair))
        (void)json_object_setn_new(context, (const char *)pair.name.p, pair.name.n,
                                   json_from_bytes(pair.value));
    struct buffer text;
    buffer_init(&text, 1u << 20);
    encode_hex(&text, ecdh_point_bytes(sender));
    json_t *line =
        json_pack("{s:o, s:o}", "context", context, "sender", json_from_bytes(buffer_bytes(&text)));
    buffer_clear(&text);
    json_write(&text, line);
    (void)fprintf(stderr, "%.*s\n", BYTES_FMT(buffer_bytes(&text)));
    json_decref(line);
    buffer_fini(&text);
}

static int open_message(const struct options *o)
{
    if (o->key == NULL)
        misuse("open takes --key");
    struct ecdh_key key;
    struct buffer start;
    struct header header = {0};
    struct bytes rest = {0};
    struct secret data_key;
    struct keyring_ecdh_parties parties;
    struct opener opener = {0};
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    read_key(o->key, &key);
    buffer_init(&start, HEADER_MAX_BYTES);
    enum err e = read_header(&start, &header, &rest, &reason);
    if (e == ERR_OK)
        e = keyring_ecdh_unwrap_with_key(&header, &key, &data_key, &parties, &reason);
    if (e == ERR_OK)
        e = opener_init(&opener, &header, &data_key, &reason);
    if (e == ERR_OK)
        e = open_stream(&opener, rest, &reason);
    if (e == ERR_OK)
        report(&header, &parties.sender);
    opener_fini(&opener);
    secret_fini(&data_key);
    ecdh_key_fini(&key);
    buffer_fini(&start);
    return e == ERR_OK ? 0 : refuse(e, reason);
}

int main(int argc, char **argv)
{
    struct options options = parse_options(argc, argv);
    if (argc >= 2 && strcmp(argv[1], "seal") == 0)
        return seal(&options);
    if (argc >= 2 && strcmp(argv[1], "open") == 0)
        return open_message(&options);
    misuse("seal or open");
}
