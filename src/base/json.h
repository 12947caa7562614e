/* Jansson with our limits: strict objects in, compact text out. */
#ifndef LETTERLOCK_BASE_JSON_H
#define LETTERLOCK_BASE_JSON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/uuid.h"

#include <jansson.h>

/* From now on memory that jansson frees is cleansed: bodies with passwords go through it. For the
 * start of a process that reads such bodies; repeating it is harmless. */
void json_cleanse_freed(void);

/* Objects and arrays inside each other; nothing that is read here has more than a few. */
#define JSON_DEPTH_MAX 32u

/* Reads text as one JSON object: UTF-8, no duplicate names, nothing behind it, no NUL in strings,
 * at most JSON_DEPTH_MAX deep. Gives a reference for json_decref, or NULL when it is anything else.
 */
json_t *json_parse_object(struct bytes text);

/* As json_parse_object, for an object that quotes what strangers sent: its strings may hold NULs.
 * Names may not: NULL with *nul_in_name true when one does, false when it is anything else. */
json_t *json_parse_quoting(struct bytes text, bool *nul_in_name);

/* The string member name, borrowed from object; false when it is absent or not a string. */
bool json_get_bytes(const json_t *object, const char *name, struct bytes *out);

/* The integer member name; false when it is absent or not an integer. */
bool json_get_int(const json_t *object, const char *name, int64_t *out);

/* True when the member is present and not null. */
bool json_has(const json_t *object, const char *name);

/* Appends value in compact form. Takes no reference. */
void json_write(struct buffer *out, const json_t *value);

/* Appends text, which must be UTF-8, as a JSON string: the bytes that json_write would append. For
 * texts long enough that Jansson's pace of several nanoseconds a byte counts. */
void json_write_string(struct buffer *out, struct bytes text);

/* Append what json_write would of json_from_uuid and json_from_time. */
void json_write_uuid(struct buffer *out, const struct uuid *u);
void json_write_time(struct buffer *out, int64_t unix_ms);

/* New references for values of ours: UTF-8 text (invalid bytes give JSON null), a UUID, a time in
 * milliseconds since 1970 as RFC 3339 (0: null). */
json_t *json_from_bytes(struct bytes text);
json_t *json_from_uuid(const struct uuid *u);
json_t *json_from_time(int64_t unix_ms);

#endif
