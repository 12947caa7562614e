#include "core/letter_file.h"

#include "base/ascii.h"

#include <string.h>

static bool has_control_character(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < 0x20 || text.p[i] == 0x7f)
            return true;
        /* U+0080 to U+009F */
        if (text.p[i] == 0xc2 && i + 1 < text.n && text.p[i + 1] < 0xa0)
            return true;
    }
    return false;
}

bool letter_file_name_is_valid(struct bytes name)
{
    return name.n >= 1 && name.n <= LETTER_FILE_NAME_MAX_BYTES && bytes_is_utf8(name) &&
           !has_control_character(name) && bytes_find(name, '/', 0) == SIZE_MAX &&
           bytes_find(name, '\\', 0) == SIZE_MAX && !bytes_equal_str(name, ".") &&
           !bytes_equal_str(name, "..");
}

struct bytes letter_file_name(struct bytes name)
{
    return letter_file_name_is_valid(name) ? name : BYTES_LIT("file");
}

/* RFC 9110 section 5.6.2 */
static bool is_token(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!ascii_is_token(text.p[i]))
            return false;
    }
    return text.n > 0;
}

static bool is_visible(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < 0x20 || text.p[i] > 0x7e)
            return false;
    }
    return true;
}

struct bytes letter_file_media_type(struct bytes media_type)
{
    struct bytes essence = bytes_trim(bytes_slice(media_type, 0, bytes_find(media_type, ';', 0)));
    size_t slash = bytes_find(essence, '/', 0);
    bool valid = media_type.n <= LETTER_FILE_MEDIA_TYPE_MAX_BYTES && slash != SIZE_MAX &&
                 is_token(bytes_slice(essence, 0, slash)) &&
                 is_token(bytes_slice(essence, slash + 1, SIZE_MAX)) && is_visible(media_type);
    return valid ? media_type : LETTER_FILE_MEDIA_TYPE;
}
