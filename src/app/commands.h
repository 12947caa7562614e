/* The commands that run on the server's machine. argv[0] is the command's name. */
#ifndef LETTERLOCK_APP_COMMANDS_H
#define LETTERLOCK_APP_COMMANDS_H

/* Exit statuses of these commands; those of the client commands are in cli/cli_exit.h and agree. */
enum app_exit {
    APP_EXIT_OK = 0,
    APP_EXIT_FAILED = 1,
    APP_EXIT_USAGE = 2,
    APP_EXIT_NOT_FOUND = 4,
    APP_EXIT_DAMAGED = 6, /* check, restore: something does not verify */
};

/* Serves the API and the web client until SIGTERM or SIGINT. */
int serve_main(int argc, char **argv);

/* The same API as one AWS Lambda function, with Cognito's PostConfirmation trigger. */
int lambda_main(int argc, char **argv);

/* users, invite, disable, enable, quota: see `letterlock admin --help`. */
int admin_main(int argc, char **argv);

/* Copies a data directory, also one that is being served, to a new directory; brings one back. */
int backup_main(int argc, char **argv);
int restore_main(int argc, char **argv);

/* Asks the server of this machine whether it is ready. */
int health_main(int argc, char **argv);

/* Validates the configuration and what is stored. */
int check_main(int argc, char **argv);

#endif
