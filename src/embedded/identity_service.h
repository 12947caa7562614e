/* The identity port on our own tables: accounts, codes, sessions, tokens.
 *
 * A session's power to open. At sign-in the ring key is unsealed with the password's wrapping key
 * and sealed again under a *custody secret*. That secret is derived from the session's *family
 * secret*, which exists only inside the session's refresh tokens; the custody secret itself goes
 * into ID tokens. The server keeps the sealed ring key and hashes: neither side alone opens
 * anything. The custody secret stays the same while the session lives: a fresh one at each refresh
 * would cut off ID tokens that are still valid, and who holds one of them could open until it
 * expires in either case.
 *
 * A refresh token is session id (16 bytes) | family secret (32) | rotating secret (32), base64url.
 * The family secret proves that a used-up token was really ours, so nobody can end a session by
 * presenting noise under its id.
 *
 * A token is used up by its first use. A client whose answer got lost, or whose windows refresh at
 * the same moment, presents it again: within ten seconds, and while its successor was not used, it
 * gets the same successor once more. The row keeps that successor sealed under the token it came
 * from, so that the server alone cannot give it. Any other second use ends the session. */
#ifndef LETTERLOCK_EMBEDDED_IDENTITY_SERVICE_H
#define LETTERLOCK_EMBEDDED_IDENTITY_SERVICE_H

#include "embedded/issuer.h"
#include "embedded/keys_service.h"
#include "embedded/mail_queue.h"
#include "ports/identity.h"

struct identity_service;

struct identity_parts {
    struct store *store;
    struct mail_queue *mail;
    struct keys_service *keys;
};

struct identity_config {
    struct issuer_config tokens;
    int64_t session_lifetime_s; /* of a session that is not refreshed */
    unsigned stretch_max;       /* passwords stretched at a time, 19 MiB each */
    /* Argon2id's costs for new passwords, and for old ones at their next use; 0: key_ring.h's. */
    uint32_t stretch_memory_kib;
    uint32_t stretch_passes;
};

/* Opens the service. What it is built on outlives it. keys is told when a user's keys change. */
enum err identity_service_open(struct ctx *ctx, const struct identity_parts *parts,
                               const struct identity_config *config,
                               struct identity_service **out) MUST_CHECK;
void identity_service_close(struct identity_service *service);

/* The port, valid as long as the service. */
struct identity identity_service_port(struct identity_service *service);

/* Turns signing keys over, forgets expired sessions, codes, invitations and throttles. */
void identity_service_sweep(struct identity_service *service, struct ctx *ctx);

#endif
