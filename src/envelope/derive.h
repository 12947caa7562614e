/* The keys of a message, derived from its data key (message format, section 3): HKDF (RFC 5869)
 * with SHA-512. */
#ifndef LETTERLOCK_ENVELOPE_DERIVE_H
#define LETTERLOCK_ENVELOPE_DERIVE_H

#include "base/secret.h"
#include "envelope/header.h"

struct derive_keys {
    uint8_t commitment[HEADER_COMMITMENT_BYTES]; /* public: it stands in the header */
    struct secret body;                          /* key of the header tag and of the frames */
};

/* Derives both. derive_fini cleanses *out. */
void derive_init(struct derive_keys *out, const uint8_t message_id[HEADER_MESSAGE_ID_BYTES],
                 const struct secret *data_key);

/* Cleanses. A zeroed struct is legal. */
void derive_fini(struct derive_keys *keys);

#endif
