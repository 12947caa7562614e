/* Opening files below a directory, safely: no "..", no hidden names, no symbolic links. */
#ifndef LETTERLOCK_HTTP_WEB_FILES_H
#define LETTERLOCK_HTTP_WEB_FILES_H

#include "base/buffer.h"

#include <sys/stat.h>

#define WEB_FILES_PATH_MAX 512u

/* An open regular file with the representation that was chosen. */
struct web_file {
    int fd;
    struct stat info;
    const char *encoding; /* "br", "gzip" or NULL */
};

/* Turns an encoded URL path into a relative file path: "" for the root, no empty, hidden or dot
 * segments, no backslash or control character, no trailing slash. False when there can be no such
 * file. */
bool web_files_path(struct bytes url_path, struct buffer *out);

/* Opens the regular file path (relative, NUL-terminated) below directory; no link is followed in
 * any segment. */
bool web_files_open(int directory, const char *path, struct web_file *out);

/* As web_files_open, preferring path.br or path.gz where it exists and accept_encoding (RFC 9110
 * section 12.5.3) takes it. */
bool web_files_open_encoded(int directory, const char *path, struct bytes accept_encoding,
                            struct web_file *out);

/* True when the comma-separated list names item, with a quality that is not zero. */
bool web_files_accepts(struct bytes list, const char *item);

#endif
