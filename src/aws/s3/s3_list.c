#include "aws/s3/s3_list.h"

#include "aws/client/answers.h"
#include "aws/s3/s3_call.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define TAG_BYTES 40u
#define SECONDS_CHARACTERS 19u /* of "2026-11-24T13:50:00" */

/* Gives what is between <name> and </name>. These elements do not nest in themselves, and S3 writes
 * neither attributes on them nor markup into the texts inside. */
bool s3_list_block(struct bytes *rest, const char *name, struct bytes *block)
{
    char tag[TAG_BYTES];
    (void)snprintf(tag, sizeof tag, "<%s>", name);
    size_t start = bytes_find_str(*rest, tag, 0);
    if (start == SIZE_MAX)
        return false;
    start += strlen(tag);
    (void)snprintf(tag, sizeof tag, "</%s>", name);
    size_t end = bytes_find_str(*rest, tag, start);
    if (end == SIZE_MAX)
        return false;
    *block = bytes_slice(*rest, start, end - start);
    *rest = bytes_slice(*rest, end + strlen(tag), rest->n);
    return true;
}

static void read_key(struct arena *arena, struct bytes block, struct s3_entry *out)
{
    const struct bytes prefix = BYTES_LIT(S3_PREFIX);
    struct bytes key;
    if (!answers_xml_text(arena, block, "Key", &key) || key.n >= S3_KEY_BYTES)
        return;
    memcpy(out->key, key.p, key.n);
    if (!bytes_starts_with(key, prefix))
        return;
    struct bytes name = bytes_slice(key, prefix.n, key.n);
    size_t dot = bytes_find(name, '.', 0);
    bool is_id = uuid_parse(bytes_slice(name, 0, dot), &out->id);
    out->is_letter = is_id && dot == SIZE_MAX;
    out->is_tail = is_id && dot != SIZE_MAX;
}

/* S3 writes milliseconds, always ".000"; others that speak its protocol leave them out. */
static int64_t read_time(struct arena *arena, struct bytes block, const char *name)
{
    struct bytes text;
    int64_t unix_ms;
    if (!answers_xml_text(arena, block, name, &text) || text.n <= SECONDS_CHARACTERS ||
        text.p[text.n - 1] != 'Z')
        return INT64_MAX;
    const char *to_seconds =
        arena_printf(arena, "%.*s.000Z", (int)SECONDS_CHARACTERS, (const char *)text.p);
    return clock_from_rfc3339(to_seconds, &unix_ms) ? unix_ms : INT64_MAX;
}

bool s3_list_next(struct arena *arena, struct bytes *rest, const char *element,
                  struct s3_entry *out)
{
    struct bytes block;
    struct bytes text;
    if (!s3_list_block(rest, element, &block))
        return false;
    bool is_object = strcmp(element, "Contents") == 0;
    *out = (struct s3_entry){.upload_id = ""};
    read_key(arena, block, out);
    out->unix_ms = read_time(arena, block, is_object ? "LastModified" : "Initiated");
    if (answers_xml_text(arena, block, "Size", &text))
        (void)bytes_to_u64(text, INT64_MAX, &out->size);
    if (answers_xml_text(arena, block, "UploadId", &text))
        out->upload_id = arena_str(arena, text);
    return true;
}

bool s3_list_is_truncated(struct arena *arena, struct bytes list)
{
    struct bytes text;
    return answers_xml_text(arena, list, "IsTruncated", &text) && bytes_equal_str(text, "true");
}
