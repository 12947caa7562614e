/* A reader for small, flat JSON objects: one pass, no allocation unless a string has escapes. It
 * takes only what is common and leaves the rest to Jansson (base/json.h), which costs 10 ns a byte.
 * What it takes, Jansson takes too, with the same values; a fuzz target holds the two together. */
#ifndef LETTERLOCK_BASE_JSON_FLAT_H
#define LETTERLOCK_BASE_JSON_FLAT_H

#include "base/arena.h"

#define JSON_FLAT_MEMBERS_MAX 8u

enum json_flat_kind { JSON_FLAT_NULL, JSON_FLAT_BOOLEAN, JSON_FLAT_INTEGER, JSON_FLAT_STRING };

struct json_flat_member {
    struct bytes name; /* borrowed from the text */
    enum json_flat_kind kind;
    bool boolean;
    int64_t integer;
    struct bytes string; /* UTF-8 without NUL; borrowed from the text or in the arena */
};

struct json_flat {
    struct json_flat_member members[JSON_FLAT_MEMBERS_MAX];
    size_t count;
};

/* Reads text as one object of at most JSON_FLAT_MEMBERS_MAX members that are strings, integers of
 * up to 18 digits, booleans or null. False when it is anything else, or unusual: names with
 * escapes, escaped surrogates; then Jansson is to decide. */
bool json_flat_read(struct arena *arena, struct bytes text, struct json_flat *out);

/* The member of that name, or NULL. */
const struct json_flat_member *json_flat_find(const struct json_flat *object, const char *name);

#endif
