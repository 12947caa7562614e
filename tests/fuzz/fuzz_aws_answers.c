/* Any bytes as an answer of AWS: codes fit, texts end, and a resolved text is never longer. */
#include "fuzz.h"

#include "aws/client/answers.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct bytes body = bytes_of(data, size);
    char code[ANSWERS_CODE_BYTES];
    struct bytes text;
    uint64_t number;
    int64_t ms;

    const char *message = answers_code(&arena, "", body, code);
    fuzz_require(strlen(code) < sizeof code && strlen(message) <= size);
    (void)answers_code(&arena, arena_str(&arena, body), body, code);
    fuzz_require(strlen(code) < sizeof code);
    if (answers_xml_text(&arena, body, "Key", &text))
        fuzz_require(text.n <= size && text.p[text.n] == '\0');
    (void)answers_is_disguised_error(body);
    (void)answers_range_size(arena_str(&arena, body), &number);
    (void)answers_date(arena_str(&arena, body), &ms);
    arena_fini(&arena);
    return 0;
}
