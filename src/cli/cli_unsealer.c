#include "cli/cli_unsealer.h"

#include "cli/cli_interrupt.h"
#include "envelope/ecdh_encoding.h"
#include "envelope/opener.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024 };

/* --- keys --- */

/* Takes the next PEM block, up to the end of its last line, off text. */
static bool take_block(struct bytes *text, struct bytes *block)
{
    static const char begin[] = "-----BEGIN ";
    static const char end[] = "-----END ";
    size_t from = bytes_find_str(*text, begin, 0);
    if (from == SIZE_MAX)
        return false;
    *text = bytes_slice(*text, from, text->n);
    size_t last_line = bytes_find_str(*text, end, 0);
    if (last_line == SIZE_MAX)
        last_line = text->n;
    size_t line_end = bytes_find(*text, '\n', last_line);
    *block = bytes_slice(*text, 0, line_end == SIZE_MAX ? text->n : line_end + 1);
    *text = bytes_slice(*text, block->n, text->n);
    return true;
}

enum cli_exit cli_unsealer_keys_read(struct cli_unsealer_keys *keys, struct bytes text,
                                     const char *path)
{
    struct bytes block;
    while (take_block(&text, &block)) {
        if (keys->count == CLI_UNSEALER_KEYS_MAX)
            return cli_fail(CLI_FAILED, "%s holds more than %u keys.", path, CLI_UNSEALER_KEYS_MAX);
        struct ecdh_key *key = &keys->keys[keys->count];
        if (ecdh_encoding_read_pem(block, key) != ERR_OK)
            return cli_fail(CLI_FAILED, "%s holds something else than P-256 keys in PKCS#8 PEM.",
                            path);
        keys->own[keys->count++] = key->public.point;
    }
    return keys->count > 0 ? CLI_OK : cli_fail(CLI_FAILED, "%s holds no key.", path);
}

void cli_unsealer_keys_fini(struct cli_unsealer_keys *keys)
{
    for (size_t i = 0; i < CLI_UNSEALER_KEYS_MAX; i++)
        ecdh_key_fini(&keys->keys[i]);
    keys->count = 0;
}

static enum err agree(void *arg, size_t index, const struct ecdh_point *peer, struct secret *z)
{
    const struct cli_unsealer_keys *keys = arg;
    return keyring_ecdh_agree(&keys->keys[index], peer, z);
}

/* --- the message --- */

struct unsealing {
    const struct cli_unsealer_keys *keys;
    cli_unsealer_take *take;
    void *arg;
    struct buffer head; /* the stored bytes until the header is complete */
    struct buffer plaintext;
    struct opener opener;
    bool opened;
};

static enum cli_exit refuse(enum err e, enum envelope_reason reason)
{
    if (e == ERR_NOT_FOR_US)
        return cli_fail(CLI_FAILED, "The message is not sealed to this key.");
    return cli_fail(CLI_INTEGRITY, "The message does not verify: %s.",
                    envelope_reason_text(reason));
}

static enum cli_exit push_frames(struct unsealing *u, struct bytes stored)
{
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    buffer_init(&u->plaintext, opener_max_output(&u->opener, stored.n));
    enum err e = opener_push(&u->opener, stored, &u->plaintext, &reason);
    enum cli_exit exit = CLI_OK;
    if (u->plaintext.n > 0)
        exit = u->take(u->arg, buffer_bytes(&u->plaintext));
    buffer_fini(&u->plaintext);
    if (exit == CLI_OK && e != ERR_OK)
        exit = refuse(e, reason);
    return exit;
}

static enum cli_exit open_header(struct unsealing *u, const struct header *header)
{
    /* The callback's argument is not const for the sake of callers with caches; ours is not
     * changed. */
    union {
        const struct cli_unsealer_keys *from;
        void *to;
    } arg = {.from = u->keys};
    const struct keyring_ecdh_keys keys = {u->keys->own, u->keys->count, agree, arg.to};
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    struct secret data_key = {0};
    enum err e = keyring_ecdh_unwrap(header, &keys, &data_key, NULL, &reason);
    if (e == ERR_OK) {
        e = opener_init(&u->opener, header, &data_key, &reason);
        u->opened = true;
    }
    secret_fini(&data_key);
    return e == ERR_OK ? CLI_OK : refuse(e, reason);
}

/* Collects the header; once it is complete, the rest of what came are frames. */
static enum cli_exit push_head(struct unsealing *u, struct bytes stored)
{
    struct header header;
    size_t need = 0;
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    buffer_append(&u->head, stored);
    switch (header_scan(buffer_bytes(&u->head), &header, &need, &reason)) {
    case HEADER_NEEDS_MORE:
        return CLI_OK;
    case HEADER_MALFORMED:
        return refuse(ERR_SEALED_INVALID, reason);
    case HEADER_COMPLETE:
        break;
    }
    enum cli_exit exit = open_header(u, &header);
    if (exit == CLI_OK)
        exit = push_frames(u, bytes_slice(buffer_bytes(&u->head), header.length, u->head.n));
    return exit;
}

static enum cli_exit finish(struct unsealing *u)
{
    enum envelope_reason reason = ENVELOPE_REASON_TRUNCATED;
    enum err e = u->opened ? opener_finish(&u->opener, &reason) : ERR_SEALED_INVALID;
    return e == ERR_OK ? CLI_OK : refuse(e, reason);
}

static enum cli_exit read_message(struct unsealing *u, int fd)
{
    uint8_t chunk[CHUNK_BYTES];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (cli_interrupted())
            return cli_fail(CLI_LOCAL, "Interrupted.");
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cli_fail(CLI_LOCAL, "Cannot read the message: %s.", strerror(errno));
        if (n == 0)
            return finish(u);
        struct bytes stored = bytes_of(chunk, (size_t)n);
        enum cli_exit exit = u->opened ? push_frames(u, stored) : push_head(u, stored);
        if (exit != CLI_OK)
            return exit;
    }
}

enum cli_exit cli_unsealer_run(int fd, const struct cli_unsealer_keys *keys,
                               cli_unsealer_take *take, void *arg)
{
    struct unsealing u = {.keys = keys, .take = take, .arg = arg};
    buffer_init(&u.head, HEADER_MAX_BYTES + CHUNK_BYTES);
    enum cli_exit exit = read_message(&u, fd);
    opener_fini(&u.opener);
    buffer_fini(&u.head);
    return exit;
}
