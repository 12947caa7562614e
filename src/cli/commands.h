/* The client commands: each a main function of its own over the HTTP API, all with the exit codes
 * of cli_exit.h. argv[0] is the command's name, argv[1..] are its words. */
#ifndef LETTERLOCK_CLI_COMMANDS_H
#define LETTERLOCK_CLI_COMMANDS_H

#include <stddef.h>

struct cli_command {
    const char *name;
    int (*main)(int argc, char **argv); /* gives the process's exit status */
    const char *help;                   /* one line */
};

/* All client commands in the order in which help lists them. */
extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;

/* The command of that name, or NULL. */
const struct cli_command *cli_find(const char *name);

int cli_login_main(int argc, char **argv);
int cli_logout_main(int argc, char **argv);
int cli_signup_main(int argc, char **argv);
int cli_confirm_main(int argc, char **argv);
int cli_totp_main(int argc, char **argv);
int cli_people_main(int argc, char **argv);
int cli_inbox_main(int argc, char **argv);
int cli_send_main(int argc, char **argv);
int cli_open_main(int argc, char **argv);
int cli_export_main(int argc, char **argv);
int cli_import_main(int argc, char **argv);
int cli_key_main(int argc, char **argv);
int cli_unseal_main(int argc, char **argv);
int cli_version_main(int argc, char **argv);

#endif
