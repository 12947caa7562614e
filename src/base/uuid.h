/* UUIDs (RFC 9562): version 4 for users and sessions, version 7 for letters. */
#ifndef LETTERLOCK_BASE_UUID_H
#define LETTERLOCK_BASE_UUID_H

#include "base/bytes.h"

#define UUID_BYTES 16u
#define UUID_TEXT_BYTES 37u /* 36 characters and the NUL */

struct uuid {
    uint8_t b[UUID_BYTES];
};

/* A random UUID, version 4. */
struct uuid uuid_random(void);

/* A time-ordered UUID, version 7, of unix_ms; its other 74 bits are random. */
struct uuid uuid_at(int64_t unix_ms);

/* The milliseconds since 1970 in a version 7 UUID. */
int64_t uuid_unix_ms(const struct uuid *u);

/* 1 to 8 as written in the UUID. */
unsigned uuid_version(const struct uuid *u);

bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_nil(const struct uuid *u);

/* Writes the lower-case text form, NUL-terminated. */
void uuid_format(const struct uuid *u, char out[UUID_TEXT_BYTES]);

/* Reads the 36-character form, either case; false on anything else. */
bool uuid_parse(struct bytes text, struct uuid *out);

/* The 16 bytes of u, borrowed. */
struct bytes uuid_bytes(const struct uuid *u);

#endif
