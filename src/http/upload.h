/* A request body that is handed to the API in large chunks while it arrives: the loop fills one
 * chunk while a worker has the other. */
#ifndef LETTERLOCK_HTTP_UPLOAD_H
#define LETTERLOCK_HTTP_UPLOAD_H

#include "http/request.h"

#define UPLOAD_CHUNK_BYTES (256u << 10)

/* Starts a streamed body; false when too many transfers are running. */
bool upload_start(struct request *r) MUST_CHECK;

/* Takes body bytes; what is left in *size was not consumed because the connection is suspended. */
enum MHD_Result upload_take(struct request *r, const char *data, size_t *size);

/* The body is complete: hands over the last chunk. The reply is ready when the handler is called
 * again, or at once. */
enum MHD_Result upload_finish(struct request *r);

/* Frees the chunks of a transfer; upload may be NULL. */
void upload_destroy(struct http_server *server, struct upload *upload);

#endif
