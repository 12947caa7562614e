#include "embedded/check_letter.h"

#include "base/checksum.h"
#include "base/mem.h"
#include "envelope/encryption_context.h"
#include "envelope/header.h"
#include "envelope/validator.h"

/* The frames of one letter on their way past the checks. */
struct frames_check {
    struct validator validator;
    struct checksum checksum;
    enum envelope_reason reason;
};

static enum check_problem say(struct ctx *ctx, const char **text, enum check_problem problem,
                              const char *what, const char *detail)
{
    *text = arena_printf(ctx->arena, "%s%s%s", what, detail[0] == '\0' ? "" : ": ", detail);
    return problem;
}

/* Whether the context says that the id is what the record says. */
static bool names(struct bytes aad, struct bytes name, const struct uuid *id)
{
    struct bytes value;
    struct uuid written;
    return encryption_context_find(aad, name, &value) && uuid_parse(value, &written) &&
           uuid_equal(&written, id);
}

static enum check_problem check_header(struct ctx *ctx, const struct message_record *m,
                                       struct header *header, const char **text)
{
    enum envelope_reason reason = ENVELOPE_REASON_NONE;
    if (header_parse(m->header, header, &reason) != ERR_OK)
        return say(ctx, text, CHECK_HEADER, "the header is malformed",
                   envelope_reason_text(reason));
    if (header->length != m->header.n)
        return say(ctx, text, CHECK_HEADER, "bytes follow the header", "");
    if (!names(header->aad, BYTES_LIT("message"), &m->id) ||
        !names(header->aad, BYTES_LIT("sender"), &m->sender_id) ||
        !names(header->aad, BYTES_LIT("recipient"), &m->recipient_id))
        return say(ctx, text, CHECK_HEADER, "the header belongs to another letter", "");
    return CHECK_NONE;
}

/* Structure stops being looked at once it is broken; the checksum runs to the end, because a letter
 * with a broken checksum and a sound structure says "changed", not "cut". */
static void push(struct frames_check *check, struct bytes frames)
{
    checksum_add(&check->checksum, frames);
    if (check->reason == ENVELOPE_REASON_NONE)
        (void)!validator_push(&check->validator, frames, &check->reason);
}

static enum check_problem judge(struct ctx *ctx, struct frames_check *check,
                                const struct message_record *m, const char **text)
{
    uint64_t plaintext_bytes = 0;
    uint8_t checksum[CHECKSUM_BYTES];
    checksum_add(&check->checksum, m->header);
    checksum_finish(&check->checksum, checksum);
    if (check->reason == ENVELOPE_REASON_NONE)
        (void)!validator_finish(&check->validator, &plaintext_bytes, &check->reason);
    if (check->reason != ENVELOPE_REASON_NONE)
        return say(ctx, text, CHECK_FRAMES, "the frames are damaged or out of order",
                   envelope_reason_text(check->reason));
    if (!bytes_equal(bytes_of(checksum, sizeof checksum),
                     bytes_of(m->checksum, sizeof m->checksum)))
        return say(ctx, text, CHECK_CHECKSUM, "bytes of the letter were changed or exchanged", "");
    if (plaintext_bytes != m->size)
        return say(ctx, text, CHECK_LENGTH, "the record has another plaintext length", "");
    return CHECK_NONE;
}

/* Reads the whole object through the checks; false when it cannot be read. */
static bool push_object(struct ctx *ctx, const struct objects *objects,
                        struct object_reader *reader, uint64_t size, struct frames_check *check)
{
    uint8_t *chunk = mem_alloc(objects->chunk_bytes);
    uint64_t at = 0;
    size_t got = 1;
    while (at < size && got > 0) {
        if (objects->read(reader, ctx, at, chunk, objects->chunk_bytes, &got) != ERR_OK)
            break;
        push(check, bytes_of(chunk, got));
        at += got;
    }
    mem_free(chunk);
    return at == size;
}

static enum check_problem check_object(struct ctx *ctx, const struct objects *objects,
                                       const struct message_record *m, struct frames_check *check,
                                       const char **text)
{
    struct object_reader *reader = NULL;
    uint64_t size = 0;
    enum err e = objects->open(objects->self, ctx, &m->id, &reader, &size);
    if (e != ERR_OK)
        return say(ctx, text, CHECK_MISSING, "the file of its frames is missing or unreadable",
                   err_code(e));
    enum check_problem problem = CHECK_NONE;
    if (m->header.n + size != m->sealed_size)
        problem = say(ctx, text, CHECK_LENGTH, "the file of its frames is truncated or too long",
                      arena_printf(ctx->arena, "%llu bytes, not %llu", (unsigned long long)size,
                                   (unsigned long long)(m->sealed_size - m->header.n)));
    else if (!push_object(ctx, objects, reader, size, check))
        problem = say(ctx, text, CHECK_MISSING, "the file of its frames cannot be read", "");
    objects->close(reader);
    return problem;
}

static enum check_problem check_frames(struct ctx *ctx, const struct objects *objects,
                                       const struct message_record *m, const struct header *header,
                                       const char **text)
{
    struct frames_check check = {.reason = ENVELOPE_REASON_NONE};
    enum check_problem problem = CHECK_NONE;
    validator_init(&check.validator, header->frame_length);
    checksum_init(&check.checksum, header->message_id);
    if (!m->inline_frames)
        problem = check_object(ctx, objects, m, &check, text);
    else if (m->header.n + m->frames.n != m->sealed_size)
        problem = say(ctx, text, CHECK_LENGTH, "its frames are truncated or too long", "");
    else
        push(&check, m->frames);
    if (problem == CHECK_NONE)
        problem = judge(ctx, &check, m, text);
    checksum_fini(&check.checksum);
    return problem;
}

enum check_problem check_letter(struct ctx *ctx, const struct objects *objects,
                                const struct message_record *m, const char **text)
{
    struct header header;
    enum check_problem problem = check_header(ctx, m, &header, text);
    return problem == CHECK_NONE ? check_frames(ctx, objects, m, &header, text) : problem;
}
