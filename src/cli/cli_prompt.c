#include "cli/cli_prompt.h"

#include "cli/cli_file.h"
#include "cli/cli_interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static enum cli_exit read_line(int terminal, struct buffer *answer)
{
    for (;;) {
        uint8_t c = 0;
        ssize_t n = read(terminal, &c, 1);
        if (n < 0 && errno == EINTR && !cli_interrupted())
            continue;
        if (n <= 0)
            return cli_fail(CLI_LOCAL, "There was no answer.");
        if (c == '\n')
            return CLI_OK;
        buffer_append_u8(answer, c);
        if (!buffer_ok(answer))
            return cli_fail(CLI_LOCAL, "The answer is too long.");
    }
}

enum cli_exit cli_prompt(const char *question, bool secret, const char *option,
                         struct buffer *answer)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0)
        return cli_fail(CLI_USAGE, "There is no terminal to ask on. Use %s.", option);
    struct termios before;
    bool silenced = false;
    if (secret && tcgetattr(terminal, &before) == 0) {
        struct termios silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        silenced = tcsetattr(terminal, TCSAFLUSH, &silent) == 0;
    }
    dprintf(terminal, "%s", question);
    enum cli_exit exit = read_line(terminal, answer);
    if (silenced) {
        tcsetattr(terminal, TCSAFLUSH, &before);
        dprintf(terminal, "\n");
    }
    close(terminal);
    return exit;
}

static enum cli_exit ask_password(bool repeat, struct buffer *password)
{
    enum cli_exit exit = cli_prompt("Password: ", true, "--password-file", password);
    if (exit != CLI_OK || !repeat)
        return exit;
    struct buffer again;
    buffer_init(&again, CLI_PASSWORD_MAX_BYTES);
    exit = cli_prompt("Password again: ", true, "--password-file", &again);
    if (exit == CLI_OK && !bytes_equal_secret(buffer_bytes(password), buffer_bytes(&again)))
        exit = cli_fail(CLI_FAILED, "The two passwords are not the same.");
    buffer_fini(&again);
    return exit;
}

/* Keeps the first line only: editors and echo end a file with a line end. */
static void cut_line(struct buffer *password)
{
    size_t end = bytes_find(buffer_bytes(password), '\n', 0);
    if (end != SIZE_MAX)
        password->n = end;
    if (password->n > 0 && password->p[password->n - 1] == '\r')
        password->n--;
}

enum cli_exit cli_prompt_password(const char *file, bool repeat, struct buffer *password)
{
    buffer_init(password, CLI_PASSWORD_MAX_BYTES);
    enum cli_exit exit = CLI_OK;
    if (file == NULL) {
        exit = ask_password(repeat, password);
    } else {
        exit = cli_file_load(file, CLI_PASSWORD_MAX_BYTES, false, password);
        cut_line(password);
    }
    if (exit == CLI_OK && password->n == 0)
        exit = cli_fail(CLI_FAILED, "The password is empty.");
    return exit;
}
