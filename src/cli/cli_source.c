#include "cli/cli_source.h"

#include "cli/cli_interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cli_source *source_of(struct cli_http_form *form)
{
    return (struct cli_source *)form;
}

static size_t read_source(struct cli_http_form *form, uint8_t *p, size_t n)
{
    struct cli_source *s = source_of(form);
    if (form->size >= 0 && (uint64_t)form->size - s->consumed < n)
        n = (size_t)((uint64_t)form->size - s->consumed);
    ssize_t got = 0;
    if (n > 0) {
        do
            got = read(s->fd, p, n);
        while (got < 0 && errno == EINTR && !cli_interrupted());
    }
    if (got < 0 && !cli_interrupted())
        cli_fail(CLI_LOCAL, "Cannot read the file: %s.", strerror(errno));
    if (got == 0 && n > 0 && form->size >= 0) {
        cli_fail(CLI_LOCAL, "The file became shorter while it was sent.");
        return SIZE_MAX;
    }
    if (got < 0)
        return SIZE_MAX;
    s->consumed += (uint64_t)got;
    s->progress.done = s->from + s->consumed;
    return (size_t)got;
}

static bool restart_source(struct cli_http_form *form)
{
    struct cli_source *s = source_of(form);
    if (s->consumed == 0)
        return true;
    off_t at = s->start + (off_t)s->from;
    if (s->start < 0 || lseek(s->fd, at, SEEK_SET) != at)
        return false;
    s->consumed = 0;
    s->progress.done = s->from;
    return true;
}

bool cli_source_can_restart(const struct cli_source *s)
{
    return s->start >= 0 || s->consumed == 0;
}

enum cli_exit cli_source_go_to(struct cli_source *s, uint64_t from)
{
    off_t at = s->start + (off_t)from;
    s->form.size -= (int64_t)from - (int64_t)s->from;
    s->from = from;
    s->consumed = 0;
    s->progress.done = from;
    if (lseek(s->fd, at, SEEK_SET) != at)
        return cli_fail(CLI_LOCAL, "Cannot read the file from where it is to go on: %s.",
                        strerror(errno));
    return CLI_OK;
}

void cli_source_close(struct cli_source *s)
{
    if (s->fd > STDIN_FILENO)
        close(s->fd);
}

enum cli_exit cli_source_open(struct cli_source *s, const char *path)
{
    struct stat st;
    *s = (struct cli_source){.fd = -1};
    s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) != 0)
        return cli_fail(CLI_LOCAL, "Cannot open %s: %s.", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return cli_fail(CLI_LOCAL, "%s is a directory. Pack it first, for example with tar.", path);
    s->start = -1;
    s->form.size = -1;
    if (S_ISREG(st.st_mode)) {
        s->start = lseek(s->fd, 0, SEEK_CUR);
        s->form.size = st.st_size > s->start ? st.st_size - s->start : 0;
    }
    s->form.read = read_source;
    s->form.restart = restart_source;
    return CLI_OK;
}
