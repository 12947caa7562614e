#include "ports/invite.h"

#include "base/encode.h"
#include "base/random.h"

#include <string.h>

#define INVITE_BYTES 10u
#define INVITE_GROUP 4u

void invite_make(char out[INVITE_TEXT_BYTES], uint8_t digest[DIGEST_SHA256_BYTES])
{
    uint8_t raw[INVITE_BYTES];
    struct buffer text;
    random_private_bytes(raw, sizeof raw);
    buffer_init(&text, INVITE_TEXT_BYTES - 1);
    encode_base32(&text, bytes_of(raw, sizeof raw), INVITE_GROUP);
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    buffer_fini(&text);
    digest_sha256(bytes_of(raw, sizeof raw), digest);
}

bool invite_read(struct bytes typed, uint8_t digest[DIGEST_SHA256_BYTES])
{
    uint8_t raw[INVITE_BYTES];
    if (!encode_base32_decode(typed, raw, sizeof raw))
        return false;
    digest_sha256(bytes_of(raw, sizeof raw), digest);
    return true;
}

void invite_id(const uint8_t digest[DIGEST_SHA256_BYTES], char out[INVITE_ID_BYTES])
{
    struct buffer text;
    buffer_init(&text, INVITE_ID_BYTES - 1);
    encode_base64url(&text, bytes_of(digest, DIGEST_SHA256_BYTES));
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    buffer_fini(&text);
}

bool invite_id_read(struct arena *arena, struct bytes id, uint8_t digest[DIGEST_SHA256_BYTES])
{
    struct bytes raw;
    if (id.n != INVITE_ID_BYTES - 1 || !encode_base64url_decode(arena, id, &raw))
        return false;
    memcpy(digest, raw.p, DIGEST_SHA256_BYTES);
    return true;
}
