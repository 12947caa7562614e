/* Opening the user's own key ring here, from the password: the server never sees the keys. */
#ifndef LETTERLOCK_CLI_CLI_KEY_RING_H
#define LETTERLOCK_CLI_CLI_KEY_RING_H

#include "base/json.h"
#include "cli/cli_exit.h"

/* Appends every private key of ring (the answer of GET /v1/me/key-ring of that user) to pem as an
 * unencrypted PKCS#8 PEM block, in the ring's order; *count of them. CLI_FAILED when the ring is
 * not of the form we know or the password is not the one; CLI_INTEGRITY when a private key does not
 * belong to the public key beside it. Every failure is printed. */
enum cli_exit cli_key_ring_open(struct arena *arena, const json_t *ring, const struct uuid *user,
                                struct bytes password, struct buffer *pem,
                                size_t *count) MUST_CHECK;

#endif
