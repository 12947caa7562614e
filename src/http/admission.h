/* The first look at a request, when its headers are complete and its body has not been asked for:
 * framing, target, method, route, declared length and, for large bodies, authentication. */
#ifndef LETTERLOCK_HTTP_ADMISSION_H
#define LETTERLOCK_HTTP_ADMISSION_H

#include "http/request.h"

/* Admits or refuses a new request. A refusal queued in this very call closes the connection, and
 * the body is never asked for. */
enum MHD_Result admission_begin(struct request *r, const char *method, const char *version);

/* Goes on after a worker has authenticated a request with a large body. */
enum MHD_Result admission_finish(struct request *r);

/* Frees the copies of the headers. */
void admission_free_headers(struct request *r);

#endif
