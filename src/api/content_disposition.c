#include "api/content_disposition.h"

#include "base/encode.h"

#define VALUE_MAX_BYTES 2048u

/* Characters that clients are known to mistake in a quoted string, '%' among them (RFC 6266
 * appendix D). */
static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%' && c != '/';
}

static void append_ascii(struct buffer *out, struct bytes name)
{
    for (size_t i = 0; i < name.n; i++) {
        bool continuation = (name.p[i] & 0xc0) == 0x80;
        if (!continuation)
            buffer_append_u8(out, is_plain(name.p[i]) ? name.p[i] : '_');
    }
}

static bool is_all_plain(struct bytes name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!is_plain(name.p[i]))
            return false;
    }
    return true;
}

const char *content_disposition_format(struct arena *arena, bool is_inline, struct bytes file_name)
{
    struct buffer out;
    buffer_init(&out, VALUE_MAX_BYTES);
    buffer_append_str(&out, is_inline ? "inline; filename=\"" : "attachment; filename=\"");
    append_ascii(&out, file_name);
    buffer_append_str(&out, "\"");
    if (!is_all_plain(file_name)) {
        buffer_append_str(&out, "; filename*=UTF-8''");
        encode_percent(&out, file_name);
    }
    const char *value =
        buffer_ok(&out) ? arena_str(arena, buffer_bytes(&out)) : "attachment; filename=\"file\"";
    buffer_fini(&out);
    return value;
}

bool content_disposition_may_inline(struct bytes media_type)
{
    static const char *const shown[] = {
        "image/png",  "image/jpeg", "image/gif",       "image/webp",
        "image/avif", "text/plain", "application/pdf",
    };
    struct bytes essence = bytes_trim(bytes_slice(media_type, 0, bytes_find(media_type, ';', 0)));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (bytes_equal_nocase(essence, bytes_of_str(shown[i])))
            return true;
    }
    struct bytes type = bytes_slice(essence, 0, bytes_find(essence, '/', 0));
    return bytes_equal_nocase(type, BYTES_LIT("audio")) ||
           bytes_equal_nocase(type, BYTES_LIT("video"));
}
