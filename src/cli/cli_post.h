/* Sending one letter: a text, a file of any size streamed, or both; again when the network fails.
 */
#ifndef LETTERLOCK_CLI_CLI_POST_H
#define LETTERLOCK_CLI_CLI_POST_H

#include "cli/cli_client.h"

/* Zero what is not needed; everything is borrowed. There is a text or a file. */
struct cli_letter {
    const char *to; /* username or id */
    const char *text;
    const char *file;            /* path; "-": standard input */
    const char *file_name;       /* as the recipient sees it; NULL: that of the path */
    const char *idempotency_key; /* at most 64 characters; NULL: a fresh one */
    bool no_copy;
    int64_t expires_in_s; /* 0: never */
};

/* Posts the letter with the ID token; *stored is the server's answer, a reference for json_decref.
 * Every failure was printed. */
enum cli_exit cli_post_letter(struct cli *cli, const struct cli_letter *letter,
                              json_t **stored) MUST_CHECK;

#endif
