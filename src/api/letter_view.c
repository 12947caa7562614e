#include "api/letter_view.h"

#include "base/json.h"
#include "core/letters.h"

#include <inttypes.h>

/* Enough for names of common length, so that the buffer grows once. */
#define TYPICAL_BYTES 512u

static void write_person(struct buffer *out, const struct uuid *id, const char *username)
{
    buffer_append_str(out, "{\"id\":");
    json_write_uuid(out, id);
    buffer_append_str(out, ",\"username\":");
    json_write_string(out, bytes_of_str(username));
    buffer_append_u8(out, '}');
}

static const char *boolean(bool value)
{
    return value ? "true" : "false";
}

void letter_view_write_members(struct buffer *out, const struct message_record *record,
                               const struct actor *actor, int64_t lost_before_unix_ms)
{
    bool can_open = letters_can_open(record, &actor->user_id, lost_before_unix_ms);
    buffer_append_str(out, "\"id\":");
    json_write_uuid(out, &record->id);
    buffer_append_str(out, ",\"from\":");
    write_person(out, &record->sender_id, record->sender_username);
    buffer_append_str(out, ",\"to\":");
    write_person(out, &record->recipient_id, record->recipient_username);
    buffer_append_str(out, ",\"sent_at\":");
    json_write_time(out, record->sent_unix_ms);
    buffer_append_str(out, ",\"read_at\":");
    json_write_time(out, record->read_unix_ms);
    buffer_append_str(out, ",\"expires_at\":");
    json_write_time(out, record->expires_unix_ms);
    buffer_printf(out, ",\"size\":%" PRIu64 ",\"sealed_size\":%" PRIu64, record->size,
                  record->sealed_size);
    buffer_printf(out, ",\"sender_verified\":%s,\"can_open\":%s", boolean(record->sender_verified),
                  boolean(can_open));
}

void letter_view_write(struct buffer *out, const struct message_record *record,
                       const struct actor *actor, int64_t lost_before_unix_ms)
{
    (void)buffer_reserve(out, TYPICAL_BYTES);
    buffer_append_u8(out, '{');
    letter_view_write_members(out, record, actor, lost_before_unix_ms);
    buffer_append_u8(out, '}');
}
