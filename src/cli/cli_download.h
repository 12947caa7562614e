/* Fetching the bytes of a letter: streamed, resumed after a network failure, counted. */
#ifndef LETTERLOCK_CLI_CLI_DOWNLOAD_H
#define LETTERLOCK_CLI_CLI_DOWNLOAD_H

#include "cli/cli_client.h"
#include "cli/cli_file.h"

struct cli_download {
    const char *path;      /* of the API, borrowed */
    int64_t size;          /* bytes that there must be; -1: not known */
    struct bytes label;    /* clean, for the progress line; borrowed */
    struct cli_file *file; /* where to, not committed here; NULL: standard output */
};

/* Fetches with the ID token. CLI_OK only when every byte came: the server verifies each frame
 * before it sends it and cuts the connection otherwise. CLI_INTEGRITY when the letter does not
 * verify or has another length than the manifest says. The failure was printed; the file is the
 * caller's to discard. */
enum cli_exit cli_download_fetch(struct cli *cli, const struct cli_download *download) MUST_CHECK;

#endif
