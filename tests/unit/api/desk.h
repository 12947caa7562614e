/* The letters' routes over the post office of the core's tests: calls as a transport makes them. */
#ifndef LETTERLOCK_TESTS_API_DESK_H
#define LETTERLOCK_TESTS_API_DESK_H

#include "../core/office.h"
#include "rig.h"

#include "base/threads.h"

struct desk {
    struct office *office;
    struct rig rig;     /* its headers, API and last call */
    struct gate later;  /* opened by resume */
    size_t piece_n;     /* bodies are fed in pieces of this size; 0: whole */
    struct buffer body; /* the last reply's, sources included */
};

/* cmocka set-up and tear-down: *state is the desk, with people, letters and events routes. */
int desk_open(void **state);
int desk_close(void **state);

/* Adds a header (lower-case name) to the next request. */
void desk_header(struct desk *desk, const char *name, const char *value);

/* Makes a call as user and waits for its reply; gives the status. The reply stays in
 * desk->rig.call, its body in desk->body. Event sources are left unread. */
unsigned desk_call(struct desk *desk, enum office_user user, enum api_method method,
                   const char *target, struct bytes body);

/* The same with a JSON body; single quotes stand for double ones. */
unsigned desk_json(struct desk *desk, enum office_user user, const char *target, const char *json);

/* The last reply's body as an object, for json_decref. */
json_t *desk_object(struct desk *desk);

/* A string member of the last reply's object, in the call's arena; "" when there is none. */
const char *desk_member(struct desk *desk, const char *name);

#endif
