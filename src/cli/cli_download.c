#include "cli/cli_download.h"

#include "cli/cli_output.h"
#include "cli/cli_retry.h"

#include <stdio.h>

/* sink is first: its callbacks get a pointer to it. */
struct transfer {
    struct cli_http_sink sink;
    const struct cli_download *download;
    struct cli_progress progress;
    uint64_t received;
    char etag[160]; /* of the first answer */
    enum cli_exit failure;
};

static struct transfer *transfer_of(struct cli_http_sink *sink)
{
    return (struct transfer *)sink;
}

static bool fail(struct transfer *t, enum cli_exit exit)
{
    t->failure = exit;
    return false;
}

/* The whole letter comes again, as its ETag has changed or the server gives no ranges. */
static bool start_over(struct transfer *t)
{
    if (t->received == 0)
        return true;
    if (t->download->file == NULL)
        return fail(t, cli_fail(CLI_NETWORK, "The transfer broke and cannot be resumed."));
    t->received = 0;
    t->progress.done = 0;
    enum cli_exit exit = cli_file_restart(t->download->file);
    return exit == CLI_OK || fail(t, exit);
}

static bool begin(struct cli_http_sink *sink, const struct cli_http_response *response)
{
    struct transfer *t = transfer_of(sink);
    if (response->status == 200 && !start_over(t))
        return false;
    if (response->status == 206 && response->range_start != (int64_t)t->received)
        return fail(t, cli_fail(CLI_NETWORK, "The server resumed at another place than asked."));
    snprintf(t->etag, sizeof t->etag, "%s", response->etag);
    return true;
}

static bool take(struct cli_http_sink *sink, struct bytes data)
{
    struct transfer *t = transfer_of(sink);
    t->received += data.n;
    if (t->download->size >= 0 && t->received > (uint64_t)t->download->size)
        return fail(t, cli_fail(CLI_INTEGRITY, "The letter is longer than it says."));
    enum cli_exit exit = t->download->file == NULL ? cli_output_bytes(data)
                                                   : cli_file_write(t->download->file, data);
    t->progress.done = t->received;
    return exit == CLI_OK || fail(t, exit);
}

static enum cli_exit attempt(struct cli *cli, struct transfer *t,
                             struct cli_http_response *response)
{
    struct cli_http_request request = {
        .method = "GET",
        .path = t->download->path,
        .sink = &t->sink,
        .progress = &t->progress,
    };
    if (t->received > 0) {
        request.headers[0] =
            arena_printf(&cli->arena, "Range: bytes=%llu-", (unsigned long long)t->received);
        if (t->etag[0] != '\0')
            request.headers[1] = arena_printf(&cli->arena, "If-Range: %s", t->etag);
    }
    enum cli_exit exit = cli_client_perform(cli, &request, CLI_TOKEN_ID, response);
    cli_progress_end(&t->progress);
    return t->failure != CLI_OK ? t->failure : exit;
}

/* Without an ETag nothing proves that the rest belongs to the beginning: no resuming then. */
static bool can_go_on(const struct transfer *t)
{
    return t->failure == CLI_OK && (t->received == 0 || t->etag[0] != '\0');
}

enum cli_exit cli_download_fetch(struct cli *cli, const struct cli_download *download)
{
    struct transfer t = {.sink = {begin, take}, .download = download};
    struct cli_retry retry = {0};
    struct cli_http_response response;
    enum cli_exit exit;
    t.progress = cli_progress_start(download->label, 0, download->size);
    for (;;) {
        uint64_t before = t.received;
        exit = attempt(cli, &t, &response);
        if (!can_go_on(&t) || !cli_retry_is_due(&retry, exit, &response, t.received > before))
            break;
        /* Cut behind the last byte: there is no rest to ask for, and the end was not confirmed. */
        if (download->size >= 0 && t.received == (uint64_t)download->size && !start_over(&t))
            break;
        cli_http_response_fini(&response);
    }
    if (t.failure != CLI_OK)
        exit = t.failure;
    else if (exit == CLI_NETWORK)
        exit = cli_client_network_failed(cli, &response);
    else if (exit == CLI_OK)
        exit = cli_client_refused(&response);
    if (exit == CLI_OK && download->size >= 0 && t.received != (uint64_t)download->size)
        exit = cli_fail(CLI_INTEGRITY, "The letter is shorter than it says.");
    cli_http_response_fini(&response);
    return exit;
}
