/* What the tests of src/lambda share: events as texts. */
#ifndef LETTERLOCK_TESTS_LAMBDA_EVENTS_H
#define LETTERLOCK_TESTS_LAMBDA_EVENTS_H

#include "lambda/lambda_event.h"

/* A text of JSON with single quotes for double ones, in the arena. */
struct bytes events_text(struct arena *arena, const char *text);

/* The object that it is, for json_decref; with NULs allowed in strings. */
json_t *events_parse(struct arena *arena, const char *text);

#endif
