/* Calls that prove who the person is: by password, and by a code of the second factor where that is
 * on. */
#ifndef LETTERLOCK_CLI_CLI_PROOF_H
#define LETTERLOCK_CLI_CLI_PROOF_H

#include "cli/cli_client.h"

/* As cli_client_call, with body's member "totp" set to the code given by an option. Without one
 * (NULL) the code is asked for on the terminal if the server wants it. A code may be typed with
 * spaces. */
enum cli_exit cli_proof_call(struct cli *cli, enum cli_token token, const char *method,
                             const char *path, json_t *body, const char *totp,
                             json_t **answer) MUST_CHECK;

/* Sets body's member "totp" to the code asked for on the terminal. */
enum cli_exit cli_proof_ask_totp(json_t *body) MUST_CHECK;

#endif
