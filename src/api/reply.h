/* Replies: how resource files end a call. */
#ifndef LETTERLOCK_API_REPLY_H
#define LETTERLOCK_API_REPLY_H

#include "api/call.h"
#include "base/json.h"

#define REPLY_BODY_MAX_BYTES (4u << 20)

/* Makes the reply empty again, with the headers that every reply has: request id, no-store, nosniff
 * and the like, and CORS for the configured origin. Closes a source that is there. */
void reply_start(struct api_call *call);

/* Adds what the route's protocol wants in every reply; for a reply that was started before the
 * route was known. */
void reply_name_protocol(struct api_call *call);

/* Replies with value, whose reference it takes. Gives API_REPLY. */
enum api_next reply_json(struct api_call *call, unsigned status, json_t *value);

/* Replies with finished JSON text, which is copied. Gives API_REPLY. */
enum api_next reply_json_text(struct api_call *call, unsigned status, struct bytes text);

/* Replies with the JSON text that the caller wrote into call->reply.body. Gives API_REPLY. */
enum api_next reply_json_written(struct api_call *call, unsigned status);

/* Replies without a body (204). Gives API_REPLY. */
enum api_next reply_done(struct api_call *call);

/* A list: {"items": items, "next_cursor": next_cursor or null}. Takes the reference of items;
 * next_cursor may be NULL. Gives API_REPLY. */
enum api_next reply_list(struct api_call *call, json_t *items, const char *next_cursor);

#endif
