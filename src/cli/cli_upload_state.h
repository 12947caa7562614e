/* Where an upload is kept between two commands, by what makes them the same: server, account,
 * recipient, options, and the file's place, size and time of change. */
#ifndef LETTERLOCK_CLI_CLI_UPLOAD_STATE_H
#define LETTERLOCK_CLI_CLI_UPLOAD_STATE_H

#include "cli/cli_post.h"
#include "cli/cli_source.h"

#define CLI_UPLOAD_ADDRESS_BYTES 256u

struct cli_upload_state {
    const char *path;                       /* of the state's file, in the arena */
    char address[CLI_UPLOAD_ADDRESS_BYTES]; /* of the upload at the server; "" for none */
};

/* Finds the state. CLI_LOCAL with a message. */
enum cli_exit cli_upload_state_load(struct cli *cli, const struct cli_letter *letter,
                                    const struct cli_source *source,
                                    struct cli_upload_state *state) MUST_CHECK;

/* Keeps state->address, for nobody else to read; removes what is older than any upload. CLI_LOCAL
 * with a message. */
enum cli_exit cli_upload_state_save(struct cli *cli,
                                    const struct cli_upload_state *state) MUST_CHECK;

/* Forgets it. */
void cli_upload_state_forget(struct cli_upload_state *state);

#endif
