/* The message-format vectors of tests/vectors, as the tests use them. */
#ifndef LETTERLOCK_TESTS_UNIT_ENVELOPE_VECTORS_H
#define LETTERLOCK_TESTS_UNIT_ENVELOPE_VECTORS_H

#include "base/arena.h"
#include "base/secret.h"
#include "envelope/ecdh_key.h"
#include "envelope/encryption_context.h"

#include <jansson.h>

/* One file of vectors and the memory of what is read from it. */
struct vectors {
    json_t *root;
    struct arena arena;
};

/* Loads NAME.json; fails the test when it is not there. vectors_fini frees. */
void vectors_init(struct vectors *v, const char *name);
void vectors_fini(struct vectors *v);

/* A case of the file by name. */
const json_t *vectors_case(const struct vectors *v, const char *name);

/* Members of a case; a missing one fails the test. Bytes live in the arena. */
const char *vectors_string(const json_t *object, const char *name);
uint64_t vectors_number(const json_t *object, const char *name);
struct bytes vectors_hex(struct vectors *v, const json_t *object, const char *name);
struct bytes vectors_message(struct vectors *v, const json_t *object);
struct secret vectors_secret(struct vectors *v, const json_t *object, const char *name);
struct ecdh_key vectors_key(const json_t *object, const char *name);

/* The plaintext of a case, checked against its SHA-256. */
struct bytes vectors_plaintext(struct vectors *v, const json_t *object);

/* The map "context" as a set; borrows from object. */
struct encryption_context vectors_context(const json_t *object);

/* The serialised form of a set. */
struct bytes vectors_aad(struct vectors *v, const struct encryption_context *context);

/* Fails the test unless data has the SHA-256 in the hex member name. */
void vectors_check_sha256(struct vectors *v, const json_t *object, const char *name,
                          struct bytes data);

#endif
