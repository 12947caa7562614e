/* A reply body that a worker produces in large chunks while the loop sends it: one chunk is filled
 * while the other one goes out. */
#ifndef LETTERLOCK_HTTP_DOWNLOAD_H
#define LETTERLOCK_HTTP_DOWNLOAD_H

#include "http/request.h"

#define DOWNLOAD_CHUNK_BYTES (256u << 10)

/* Worker or loop side: starts the transfer of the reply's source. False when too many are
 * running. */
bool download_start(struct request *r) MUST_CHECK;

/* Worker side, right after the call: produces the first chunk, so that a source that fails at once
 * still gets a proper error reply. */
enum err download_fill_first(struct request *r) MUST_CHECK;

/* libmicrohttpd's content reader (MHD_ContentReaderCallback); cls is the request. */
ssize_t download_read(void *cls, uint64_t position, char *data, size_t max);

/* Frees the chunks of a transfer; download may be NULL. */
void download_destroy(struct http_server *server, struct download *download);

#endif
