/* From an API reply to a libmicrohttpd response. */
#ifndef LETTERLOCK_HTTP_REPLY_H
#define LETTERLOCK_HTTP_REPLY_H

#include "http/request.h"

/* Loop side: queues the reply of the request's call, which must be ready. */
enum MHD_Result reply_send(struct request *r);

/* Loop side: queues a finished response; takes it. */
enum MHD_Result reply_queue(struct request *r, unsigned status, struct MHD_Response *response);

#endif
