#include "http/web_files.h"

#include "http/target.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX_BYTES 4u

/* One decoded segment may name a file or a directory of ours. */
static bool is_segment(struct bytes s)
{
    if (s.n == 0 || s.p[0] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '\\')
            return false;
    }
    return true;
}

bool web_files_path(struct bytes url_path, struct buffer *out)
{
    if (!target_decode(bytes_slice(url_path, 1, url_path.n), out))
        return false;
    struct bytes left = buffer_bytes(out);
    while (left.n > 0) {
        size_t slash = bytes_find(left, '/', 0);
        if (!is_segment(bytes_slice(left, 0, slash)) || slash == left.n - 1)
            return false;
        left = slash == SIZE_MAX ? (struct bytes){0} : bytes_slice(left, slash + 1, left.n);
    }
    buffer_append_u8(out, 0);
    return buffer_ok(out);
}

/* Opens the directory that holds the last segment; *name is that segment. */
static int open_parent(int directory, const char *path, const char **name)
{
    int at = dup(directory);
    const char *slash;
    while (at >= 0 && (slash = strchr(path, '/')) != NULL) {
        char segment[WEB_FILES_PATH_MAX];
        int n = snprintf(segment, sizeof segment, "%.*s", (int)(slash - path), path);
        int next = n < 0 || (size_t)n >= sizeof segment
                       ? -1
                       : openat(at, segment, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        (void)close(at);
        at = next;
        path = slash + 1;
    }
    *name = path;
    return at;
}

bool web_files_open(int directory, const char *path, struct web_file *out)
{
    const char *name;
    int parent = open_parent(directory, path, &name);
    if (parent < 0)
        return false;
    /* Without O_NONBLOCK, opening a FIFO would block the loop. */
    out->fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    (void)close(parent);
    if (out->fd < 0)
        return false;
    out->encoding = NULL;
    if (fstat(out->fd, &out->info) == 0 && S_ISREG(out->info.st_mode))
        return true;
    (void)close(out->fd);
    return false;
}

/* True for a weight parameter of zero: ";q=0", ";q=0.0" and so on. */
static bool is_refused(struct bytes parameters)
{
    struct bytes q = bytes_trim(parameters);
    if (q.n < 3 || (q.p[0] != 'q' && q.p[0] != 'Q') || q.p[1] != '=' || q.p[2] != '0')
        return false;
    for (size_t i = 3; i < q.n; i++) {
        if (q.p[i] != '.' && q.p[i] != '0')
            return false;
    }
    return true;
}

bool web_files_accepts(struct bytes list, const char *item)
{
    while (list.n > 0) {
        size_t comma = bytes_find(list, ',', 0);
        struct bytes element = bytes_slice(list, 0, comma);
        size_t semicolon = bytes_find(element, ';', 0);
        struct bytes name = bytes_trim(bytes_slice(element, 0, semicolon));
        if (bytes_equal_nocase(name, bytes_of_str(item)))
            return semicolon == SIZE_MAX ||
                   !is_refused(bytes_slice(element, semicolon + 1, element.n));
        list = comma == SIZE_MAX ? (struct bytes){0} : bytes_slice(list, comma + 1, list.n);
    }
    return false;
}

bool web_files_open_encoded(int directory, const char *path, struct bytes accept_encoding,
                            struct web_file *out)
{
    static const struct {
        const char *coding;
        const char *suffix;
    } encodings[] = {{"br", ".br"}, {"gzip", ".gz"}};
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        char encoded[WEB_FILES_PATH_MAX + SUFFIX_BYTES];
        int n = snprintf(encoded, sizeof encoded, "%s%s", path, encodings[i].suffix);
        if (n < 0 || (size_t)n >= sizeof encoded ||
            !web_files_accepts(accept_encoding, encodings[i].coding))
            continue;
        if (web_files_open(directory, encoded, out)) {
            out->encoding = encodings[i].coding;
            return true;
        }
    }
    return web_files_open(directory, path, out);
}
