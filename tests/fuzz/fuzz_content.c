/* What strangers write into headers of a download: a Range value, a file name, a media type. */
#include "fuzz.h"

#include "api/content_disposition.h"
#include "api/range.h"
#include "core/letter_file.h"

#include <string.h>

static void check_range(struct bytes value, uint64_t size)
{
    uint64_t from = 0;
    uint64_t to = 0;
    if (range_read(value, size, &from, &to) == RANGE_PART)
        fuzz_require(from < to && to <= size);
}

static void check_header(const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        fuzz_require(*c >= 0x20 && *c < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    struct arena arena = {0};
    check_range(text, fuzz_take_byte(&text));
    check_range(text, UINT64_MAX);
    check_header(content_disposition_format(&arena, false, text));
    check_header(arena_str(&arena, letter_file_media_type(text)));
    if (letter_file_name_is_valid(text))
        fuzz_require(text.n <= 255 && memchr(text.p, '/', text.n) == NULL);
    (void)content_disposition_may_inline(text);
    arena_fini(&arena);
    return 0;
}
