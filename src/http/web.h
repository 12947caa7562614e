/* The built web client's files: found below one directory and nowhere else, sent with the headers
 * that keep a page from doing what this client never does. */
#ifndef LETTERLOCK_HTTP_WEB_H
#define LETTERLOCK_HTTP_WEB_H

#include "http/request.h"

struct web;

/* Opens the directory. connect_src: further sources for connect-src, or "". ERR_INVALID_FIELD with
 * ctx->detail when the directory cannot be opened or connect_src is no source list. */
enum err web_create(struct ctx *ctx, const char *dir, const char *connect_src,
                    struct web **out) MUST_CHECK;
void web_destroy(struct web *web);

/* True when the call is for a file: GET or HEAD outside the API's paths. web may be NULL. */
bool web_wants(const struct web *web, const struct api_call *call);

/* Loop side: answers with the file, 304, the application's page, or 404. */
enum MHD_Result web_send(struct web *web, struct request *r);

#endif
