/* One HTTP client layer over libcurl: TLS verified, no redirects, deadlines on everything, bodies
 * streamed in constant memory. It knows requests and answers, not sessions. */
#ifndef LETTERLOCK_CLI_CLI_HTTP_H
#define LETTERLOCK_CLI_CLI_HTTP_H

#include "base/arena.h"
#include "base/buffer.h"
#include "cli/cli_exit.h"
#include "cli/cli_progress.h"

#include <curl/curl.h>

#define CLI_HTTP_HEADERS_MAX 4u

struct cli_http {
    CURL *curl;
    struct arena *arena;
    const char *url; /* the server, without a '/' at the end */
    const char *ca_file;
};

struct cli_http_field {
    const char *name;
    struct bytes value;
};

/* A multipart/form-data body (RFC 7578): the fields in order, then the file. Or, when bare, the
 * file alone, whose size is known. */
struct cli_http_form {
    bool bare;
    const struct cli_http_field *fields;
    size_t field_count;
    const char *file_name;
    int64_t size; /* -1: unknown, sent in chunks */
    /* Gives up to n next bytes of the file; 0 at its end; SIZE_MAX on failure, told already. */
    size_t (*read)(struct cli_http_form *form, uint8_t *p, size_t n);
    /* Goes back to the file's beginning for another attempt; false when it cannot. */
    bool (*restart)(struct cli_http_form *form);
};

struct cli_http_response {
    long status;
    struct buffer body;   /* what did not go to a sink; ended by cli_http_response_fini */
    char etag[160];       /* empty when the server sent none */
    int64_t range_start;  /* of a 206: the first byte's offset; -1 otherwise */
    int64_t length;       /* Content-Length of the answer, or -1 */
    char location[256];   /* empty when the server sent none, or a longer one */
    bool never_connected; /* CLI_NETWORK before any byte went out */
    char message[CURL_ERROR_SIZE + 64]; /* for CLI_NETWORK */
};

/* Takes the body of a 200 or 206. begin is called once, before write, also for an empty body. Both
 * say false to end the transfer, having told why. */
struct cli_http_sink {
    bool (*begin)(struct cli_http_sink *sink, const struct cli_http_response *response);
    bool (*write)(struct cli_http_sink *sink, struct bytes data);
};

/* Zero what is not needed. Everything is borrowed. */
struct cli_http_request {
    const char *method;
    const char *path;   /* behind the server's URL, with any query */
    const char *bearer; /* a token */
    const char
        *headers[CLI_HTTP_HEADERS_MAX]; /* further "Name: value" lines, up to the first NULL */
    struct bytes json;                  /* body, when p is not NULL */
    struct cli_http_form *form;
    struct cli_http_sink *sink;
    struct cli_progress *progress;
};

/* A client of the server at url; both strings borrowed. */
void cli_http_init(struct cli_http *http, struct arena *arena, const char *url,
                   const char *ca_file);
void cli_http_fini(struct cli_http *http);

/* Sends request and waits for the answer. CLI_OK: there is one, whatever its status, and the body
 * was taken whole. CLI_NETWORK: response->message says why, nothing was printed. CLI_LOCAL: form or
 * sink failed and told why, or an interrupt came. response is initialised here and ended by
 * cli_http_response_fini, always. */
enum cli_exit cli_http_perform(struct cli_http *http, const struct cli_http_request *request,
                               struct cli_http_response *response) MUST_CHECK;

void cli_http_response_fini(struct cli_http_response *response);

/* Appends "?name=value" or "&name=value", percent-encoded, to a path with or without a query. */
void cli_http_append_query(struct buffer *path, const char *name, struct bytes value);

#endif
