#include "envelope/envelope_reason.h"

#include <assert.h>
#include <stddef.h>

static const struct {
    const char *text;
    enum err error;
} table[ENVELOPE_REASON_COUNT] = {
#define ENVELOPE_REASON_ROW(name, text, error) [ENVELOPE_REASON_##name] = {text, ERR_##error},
    ENVELOPE_REASON_TABLE(ENVELOPE_REASON_ROW)
#undef ENVELOPE_REASON_ROW
};

const char *envelope_reason_text(enum envelope_reason r)
{
    assert(r < ENVELOPE_REASON_COUNT);
    return table[r].text;
}

enum err envelope_reason_set(enum envelope_reason *out, enum envelope_reason r)
{
    assert(r < ENVELOPE_REASON_COUNT);
    if (out != NULL)
        *out = r;
    return table[r].error;
}
