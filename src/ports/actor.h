/* Who makes a request, as proven by a verified token. */
#ifndef LETTERLOCK_PORTS_ACTOR_H
#define LETTERLOCK_PORTS_ACTOR_H

#include "base/bytes.h"
#include "base/secret.h"
#include "base/uuid.h"

#define USERNAME_MAX_BYTES 32u
#define EMAIL_MAX_BYTES 254u /* RFC 5321 section 4.5.3.1.3, less the angle brackets */

/* What the presented token may do (architecture 3): the access token lists and sends, the ID token
 * also opens. */
enum actor_power { ACTOR_ACCESS, ACTOR_ID };

/* A value: it may be copied and cached, and is cleansed with actor_fini. */
struct actor {
    struct uuid user_id;    /* the token's sub */
    struct uuid session_id; /* its sid (embedded) or origin_jti (Cognito) */
    char username[USERNAME_MAX_BYTES + 1];
    enum actor_power power;
    bool has_custody;        /* embedded ID tokens of sessions that can open */
    struct secret custody;   /* the session's custody secret, when has_custody */
    struct bytes id_token;   /* borrowed from the request; AWS trades it for credentials */
    int64_t expires_unix_ms; /* end of the token */
};

/* Cleanses the secret. A zeroed struct is legal. */
void actor_fini(struct actor *actor);

#endif
