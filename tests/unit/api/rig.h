/* The API with a transport in memory: what tests need to make calls. */
#ifndef LETTERLOCK_TESTS_API_RIG_H
#define LETTERLOCK_TESTS_API_RIG_H

#include "api/call.h"
#include "api/resource.h"
#include "api/router.h"
#include "base/json.h"

#define RIG_HEADERS_MAX 8u

/* A core without a backend: its token cache alone knows who may call. */
struct rig {
    struct ports ports;
    struct core_config core_config;
    struct core core;
    struct api_config config;
    struct api api;
    struct api_header headers[RIG_HEADERS_MAX]; /* of the next request */
    size_t header_count;
    struct api_call call; /* the last one made */
};

/* Makes an API of these rows. */
void rig_init(struct rig *rig, const struct api_routes *rows);
void rig_fini(struct rig *rig);

/* Makes token valid for a user of that power. */
void rig_admit(struct rig *rig, const char *token, enum actor_power power);

/* Adds a header (lower-case name) to the next request. */
void rig_header(struct rig *rig, const char *name, const char *value);

/* Makes a call of the whole body at once and keeps it in rig->call until the next one; gives the
 * reply's status. The headers are used up. */
unsigned rig_call(struct rig *rig, enum api_method method, const char *target, const char *body);

/* The value of a reply header, or NULL. */
const char *rig_reply_header(const struct rig *rig, const char *name);

/* The code of the reply, which must be a problem document; lives as long as the call. */
const char *rig_problem(struct rig *rig);

#endif
