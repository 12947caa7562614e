#include "aws/dynamo/dynamo_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SENT_DIGITS 13

void dynamo_row_sort_key(int64_t sent_unix_ms, const struct uuid *id,
                         char out[DYNAMO_SORT_KEY_BYTES])
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    (void)snprintf(out, DYNAMO_SORT_KEY_BYTES, "%0*" PRId64 "#%s", SENT_DIGITS, sent_unix_ms, text);
}

void dynamo_row_conversation(const struct uuid *a, const struct uuid *b,
                             char out[DYNAMO_CONVERSATION_BYTES])
{
    char first[UUID_TEXT_BYTES];
    char second[UUID_TEXT_BYTES];
    bool ordered = memcmp(a->b, b->b, UUID_BYTES) < 0;
    uuid_format(ordered ? a : b, first);
    uuid_format(ordered ? b : a, second);
    (void)snprintf(out, DYNAMO_CONVERSATION_BYTES, "%s#%s", first, second);
}

bool dynamo_row_sent(const json_t *item, int64_t *out)
{
    struct bytes key;
    uint64_t sent;
    if (!dynamo_item_text(item, "sortKey", &key) ||
        !bytes_to_u64(bytes_slice(key, 0, SENT_DIGITS), INT64_MAX, &sent))
        return false;
    *out = (int64_t)sent;
    return true;
}

bool dynamo_row_message(const json_t *item, struct arena *arena, struct message_record *out)
{
    *out = (struct message_record){.sender_username = "", .recipient_username = ""};
    struct bytes checksum;
    if (!dynamo_item_uuid(item, "messageId", &out->id) ||
        !dynamo_item_uuid(item, "senderId", &out->sender_id) ||
        !dynamo_item_uuid(item, "recipientId", &out->recipient_id) ||
        !dynamo_row_sent(item, &out->sent_unix_ms) ||
        !dynamo_item_binary(item, "checksum", arena, &checksum) || checksum.n != CHECKSUM_BYTES)
        return false;
    memcpy(out->checksum, checksum.p, CHECKSUM_BYTES);
    out->read_unix_ms = dynamo_item_number_or(item, "readAt", 0);
    out->expires_unix_ms = dynamo_item_number_or(item, "expiresAt", 0);
    out->size = (uint64_t)dynamo_item_number_or(item, "size", 0);
    out->sealed_size = (uint64_t)dynamo_item_number_or(item, "sealedSize", 0);
    out->sender_can_open = dynamo_item_flag(item, "senderCanOpen");
    out->sender_verified = dynamo_item_flag(item, "senderVerified");
    out->inline_frames = dynamo_item_flag(item, "inlineFrames");
    return true;
}

void dynamo_row_set_message(json_t *item, const struct message_record *m)
{
    char sort_key[DYNAMO_SORT_KEY_BYTES];
    dynamo_row_sort_key(m->sent_unix_ms, &m->id, sort_key);
    dynamo_item_set_uuid(item, "messageId", &m->id);
    dynamo_item_set_uuid(item, "senderId", &m->sender_id);
    dynamo_item_set_uuid(item, "recipientId", &m->recipient_id);
    dynamo_item_set_text(item, "sortKey", bytes_of_str(sort_key));
    dynamo_item_set_number(item, "size", (int64_t)m->size);
    dynamo_item_set_number(item, "sealedSize", (int64_t)m->sealed_size);
    dynamo_item_set_flag(item, "senderCanOpen", m->sender_can_open);
    dynamo_item_set_flag(item, "senderVerified", m->sender_verified);
    dynamo_item_set_flag(item, "inlineFrames", m->inline_frames);
    dynamo_item_set_binary(item, "checksum", bytes_of(m->checksum, sizeof m->checksum));
    if (m->expires_unix_ms != 0)
        dynamo_item_set_number(item, "expiresAt", m->expires_unix_ms);
}

json_t *dynamo_row_message_key(const struct uuid *id)
{
    json_t *key = json_object();
    dynamo_item_set_uuid(key, "messageId", id);
    return key;
}

bool dynamo_row_is_expired(const struct message_record *m, int64_t now_unix_ms)
{
    return m->expires_unix_ms != 0 && m->expires_unix_ms <= now_unix_ms;
}

bool dynamo_row_doomed(const json_t *item, struct dynamo_doomed *out)
{
    *out = (struct dynamo_doomed){
        .sealed_size = dynamo_item_number_or(item, "sealedSize", 0),
        .expires_unix_ms = dynamo_item_number_or(item, "expiresAt", 0),
        .has_object = !dynamo_item_flag(item, "inlineFrames"),
    };
    return dynamo_item_uuid(item, "messageId", &out->id) &&
           dynamo_item_uuid(item, "recipientId", &out->recipient_id);
}
