/* The sealed key ring as clients get it (GET /v1/me/key-ring). */
#ifndef LETTERLOCK_EMBEDDED_KEYS_RING_JSON_H
#define LETTERLOCK_EMBEDDED_KEYS_RING_JSON_H

#include "embedded/store.h"

/* The actor's key ring as a JSON object, in the arena: {version, kdf, wrap, keys}; see
 * openapi.yaml. Everything secret in it is sealed. ERR_NOT_FOUND when the account is gone. */
enum err keys_ring_json(struct store *store, struct ctx *ctx, struct bytes *json) MUST_CHECK;

#endif
