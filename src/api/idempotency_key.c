#include "api/idempotency_key.h"

#include "ports/records.h"

enum err idempotency_key_read(struct api_call *call, struct bytes *key)
{
    bool found = false;
    *key = call->transport->header(call->transport_self, "idempotency-key", &found);
    if (!found)
        return ERR_OK;
    bool valid = key->n >= 1 && key->n <= RECORDS_IDEMPOTENCY_KEY_BYTES;
    for (size_t i = 0; valid && i < key->n; i++)
        valid = key->p[i] > 0x20 && key->p[i] < 0x7f;
    return valid ? ERR_OK
                 : ctx_fail(&call->ctx, ERR_INVALID_FIELD,
                            "Idempotency-Key must be 1 to %u visible ASCII characters.",
                            RECORDS_IDEMPOTENCY_KEY_BYTES);
}
