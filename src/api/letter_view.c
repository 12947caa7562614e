#include "api/letter_view.h"

#include "core/letters.h"

static json_t *person(const struct uuid *id, const char *username)
{
    json_t *value = json_object();
    json_object_set_new(value, "id", json_from_uuid(id));
    json_object_set_new(value, "username", json_from_bytes(bytes_of_str(username)));
    return value;
}

json_t *letter_view(const struct message_record *record, const struct actor *actor,
                    int64_t lost_before_unix_ms)
{
    bool can_open = letters_can_open(record, &actor->user_id, lost_before_unix_ms);
    json_t *value = json_object();
    json_object_set_new(value, "id", json_from_uuid(&record->id));
    json_object_set_new(value, "from", person(&record->sender_id, record->sender_username));
    json_object_set_new(value, "to", person(&record->recipient_id, record->recipient_username));
    json_object_set_new(value, "sent_at", json_from_time(record->sent_unix_ms));
    json_object_set_new(value, "read_at", json_from_time(record->read_unix_ms));
    json_object_set_new(value, "expires_at", json_from_time(record->expires_unix_ms));
    json_object_set_new(value, "size", json_integer((json_int_t)record->size));
    json_object_set_new(value, "sealed_size", json_integer((json_int_t)record->sealed_size));
    json_object_set_new(value, "sender_verified", json_boolean(record->sender_verified));
    json_object_set_new(value, "can_open", json_boolean(can_open));
    return value;
}
