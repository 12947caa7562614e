#include "core/letter_idempotency.h"

#include "base/digest.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define LABEL_BYTES 16u

static void digest_key(const char label[LABEL_BYTES], struct bytes key, uint8_t out[32])
{
    uint8_t input[LABEL_BYTES + RECORDS_IDEMPOTENCY_KEY_BYTES];
    assert(key.n <= RECORDS_IDEMPOTENCY_KEY_BYTES);
    memcpy(input, label, LABEL_BYTES);
    memcpy(input + LABEL_BYTES, key.p, key.n);
    digest_sha256(bytes_of(input, LABEL_BYTES + key.n), out);
    mem_cleanse(input, sizeof input);
}

void letter_idempotency_init(struct letter_idempotency *i, struct bytes key)
{
    static const char key_label[LABEL_BYTES] = "idempotency key";
    static const char print_label[LABEL_BYTES] = "fingerprint key";
    *i = (struct letter_idempotency){.used = key.n > 0};
    if (!i->used)
        return;
    digest_key(key_label, key, i->stored_key);
    digest_key(print_label, key, i->digests[i->count++]);
}

void letter_idempotency_add(struct letter_idempotency *i, struct bytes field)
{
    if (!i->used)
        return;
    assert(i->count <= LETTER_IDEMPOTENCY_FIELDS_MAX);
    digest_sha256(field, i->digests[i->count++]);
}

void letter_idempotency_content(struct letter_idempotency *i, struct bytes piece)
{
    if (!i->used)
        return;
    if (i->content.gmac == NULL)
        checksum_init(&i->content, i->digests[0]);
    checksum_add(&i->content, piece);
}

void letter_idempotency_finish(struct letter_idempotency *i, struct message_put *put)
{
    if (!i->used)
        return;
    if (i->content.gmac != NULL) {
        uint8_t sum[CHECKSUM_BYTES];
        checksum_finish(&i->content, sum);
        letter_idempotency_add(i, bytes_of(sum, sizeof sum));
    }
    digest_sha256(bytes_of(i->digests, i->count * sizeof i->digests[0]), put->fingerprint);
    put->idempotency_key = bytes_of(i->stored_key, sizeof i->stored_key);
}

void letter_idempotency_fini(struct letter_idempotency *i)
{
    checksum_fini(&i->content);
    mem_cleanse(i, sizeof *i);
}
