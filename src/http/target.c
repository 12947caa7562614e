#include "http/target.h"

#include "base/encode.h"

#include <string.h>
#include <strings.h>

/* The origin-form part of an absolute-form target, or NULL. */
static const char *skip_authority(const char *raw)
{
    size_t scheme = strncasecmp(raw, "http://", 7) == 0    ? 7
                    : strncasecmp(raw, "https://", 8) == 0 ? 8
                                                           : 0;
    if (scheme == 0)
        return NULL;
    const char *slash = strchr(raw + scheme, '/');
    size_t authority = slash == NULL ? 0 : (size_t)(slash - (raw + scheme));
    return authority > 0 && memchr(raw + scheme, '?', authority) == NULL ? slash : NULL;
}

static bool is_hex_of(const char *digits, uint8_t *value)
{
    return digits[0] != 0 && digits[1] != 0 && encode_hex_decode(bytes_of(digits, 2), value, 1);
}

enum err target_check(const char *raw, const char **origin)
{
    size_t n = strnlen(raw, TARGET_MAX_BYTES + 1);
    if (n > TARGET_MAX_BYTES)
        return ERR_URI_TOO_LONG;
    const char *start = raw[0] == '/' ? raw : skip_authority(raw);
    if (start == NULL)
        return ERR_INVALID_REQUEST;
    bool in_query = false;
    for (const char *s = start; *s != 0; s++) {
        if (*s < 0x21 || *s > 0x7e || *s == '#')
            return ERR_INVALID_REQUEST;
        if (*s == '?')
            in_query = true;
        if (*s != '%')
            continue;
        uint8_t value;
        if (!is_hex_of(s + 1, &value) || value == 0 || (value == '/' && !in_query))
            return ERR_INVALID_REQUEST;
    }
    *origin = start;
    return ERR_OK;
}

struct bytes target_path(const char *origin)
{
    return bytes_of(origin, strcspn(origin, "?"));
}

bool target_decode(struct bytes path, struct buffer *out)
{
    for (size_t i = 0; i < path.n; i++) {
        uint8_t c = path.p[i];
        if (c == '%' && encode_hex_decode(bytes_slice(path, i + 1, 2), &c, 1))
            i += 2;
        buffer_append_u8(out, c);
    }
    return buffer_ok(out);
}
