/* Signs what it is told, so that another implementation can be held against the signer: reads a
 * JSON object a line on standard input, answers a line each (see
 * tests/aws/test_signer_property.py).
 */
#include "aws/client/signer.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNED_MAX_BYTES ((size_t)256 << 10)

struct job {
    struct aws_credentials credentials;
    struct signer_header headers[SIGNER_HEADERS_MAX];
    struct signer_request request;
    struct signer_scope scope;
    int64_t expires_s; /* 0: not presigned */
};

static void stop(const char *why)
{
    (void)fprintf(stderr, "signer_tool: %s\n", why);
    exit(EXIT_FAILURE);
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    if (value == NULL)
        stop(name);
    return value;
}

static void copy(char *out, size_t size, const char *from)
{
    int n = snprintf(out, size, "%s", from);
    if (n < 0 || (size_t)n >= size)
        stop("too long");
}

static void read_headers(struct job *job, const json_t *list)
{
    size_t i;
    json_t *pair;
    json_array_foreach(list, i, pair)
    {
        const char *name = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));
        if (i == SIGNER_HEADERS_MAX || name == NULL || value == NULL)
            stop("headers");
        job->headers[job->request.header_count++] =
            (struct signer_header){name, bytes_of_str(value)};
    }
    job->request.headers = job->headers;
}

static void read_job(struct job *job, const json_t *in)
{
    *job = (struct job){0};
    copy(job->credentials.access_key_id, sizeof job->credentials.access_key_id,
         text(in, "access_key_id"));
    copy(job->credentials.secret_access_key, sizeof job->credentials.secret_access_key,
         text(in, "secret_access_key"));
    copy(job->credentials.session_token, sizeof job->credentials.session_token,
         text(in, "session_token"));
    job->request.method = text(in, "method");
    job->request.path = bytes_of_str(text(in, "path"));
    job->request.query = bytes_of_str(text(in, "query"));
    job->request.body = bytes_of_str(text(in, "body"));
    job->request.payload_hash = json_string_value(json_object_get(in, "payload_hash"));
    read_headers(job, json_object_get(in, "headers"));
    job->scope.region = text(in, "region");
    job->scope.service = text(in, "service");
    job->scope.encode_path_once = json_is_true(json_object_get(in, "s3"));
    job->scope.normalize_path = !job->scope.encode_path_once;
    if (!json_get_int(in, "unix_ms", &job->scope.unix_ms) ||
        !json_get_int(in, "expires_s", &job->expires_s))
        stop("numbers");
}

static void answer(const char *line)
{
    struct job job;
    struct buffer out;
    json_t *in = json_parse_object(bytes_of_str(line));
    if (in == NULL)
        stop("not an object");
    read_job(&job, in);
    buffer_init(&out, SIGNED_MAX_BYTES);
    enum err e =
        job.expires_s > 0
            ? signer_presign(&job.request, &job.scope, &job.credentials, job.expires_s, &out)
            : signer_authorization(&job.request, &job.scope, &job.credentials, &out);
    if (e != ERR_OK || !buffer_ok(&out))
        stop(err_code(e));
    (void)printf("%.*s\n", BYTES_FMT(buffer_bytes(&out)));
    (void)fflush(stdout);
    buffer_fini(&out);
    json_decref(in);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        answer(line);
    }
    free(line);
    return EXIT_SUCCESS;
}
