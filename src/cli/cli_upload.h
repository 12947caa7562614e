/* Sending a large file by an upload that can be resumed (tus 1.0.0, /v1/uploads): after a broken
 * connection at once, after an interrupted command with the next one that sends the same file in
 * the same way. Its address is kept for that in $XDG_STATE_HOME/letterlock/upload-….json. */
#ifndef LETTERLOCK_CLI_CLI_UPLOAD_H
#define LETTERLOCK_CLI_CLI_UPLOAD_H

#include "cli/cli_post.h"
#include "cli/cli_source.h"

/* Smaller files go in one request: they are quickly sent again. */
#define CLI_UPLOAD_LEAST_BYTES (INT64_C(32) << 20)

#define CLI_UPLOAD_TEXT_MAX_BYTES 3072u

/* Asks the server. Every failure was printed. */
enum cli_exit cli_upload_is_offered(struct cli *cli, bool *offered) MUST_CHECK;

/* Sends the letter with its file, which can be read again, and gives it, a reference for
 * json_decref. Every failure was printed. */
enum cli_exit cli_upload_letter(struct cli *cli, const struct cli_letter *letter, const char *key,
                                struct cli_source *source, json_t **stored) MUST_CHECK;

#endif
