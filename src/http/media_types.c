#include "http/media_types.h"

#include <stddef.h>
#include <string.h>

static const struct row {
    const char *extension;
    const char *type;
    bool compressible;
} rows[] = {
    {"html", "text/html; charset=utf-8", true},
    {"js", "text/javascript; charset=utf-8", true},
    {"mjs", "text/javascript; charset=utf-8", true},
    {"css", "text/css; charset=utf-8", true},
    {"json", "application/json", true},
    {"map", "application/json", true},
    {"webmanifest", "application/manifest+json", true},
    {"svg", "image/svg+xml", true},
    {"txt", "text/plain; charset=utf-8", true},
    {"xml", "application/xml", true},
    {"wasm", "application/wasm", true},
    {"ico", "image/x-icon", true},
    {"png", "image/png", false},
    {"jpg", "image/jpeg", false},
    {"jpeg", "image/jpeg", false},
    {"gif", "image/gif", false},
    {"webp", "image/webp", false},
    {"avif", "image/avif", false},
    {"woff2", "font/woff2", false},
    {"woff", "font/woff", false},
    {"mp3", "audio/mpeg", false},
    {"ogg", "audio/ogg", false},
    {"mp4", "video/mp4", false},
    {"webm", "video/webm", false},
    {"pdf", "application/pdf", false},
};

static const struct row *find(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(dot + 1, rows[i].extension) == 0)
            return &rows[i];
    }
    return NULL;
}

const char *media_types_of(const char *name)
{
    const struct row *row = find(name);
    return row == NULL ? "application/octet-stream" : row->type;
}

bool media_types_compressible(const char *name)
{
    const struct row *row = find(name);
    return row != NULL && row->compressible;
}
