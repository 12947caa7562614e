#include "base/err.h"

#include <assert.h>

static const struct {
    int status;
    const char *code;
    const char *text;
} table[ERR_COUNT] = {
#define ERR_ROW(name, status, code, text) [ERR_##name] = {status, code, text},
    ERR_TABLE(ERR_ROW)
#undef ERR_ROW
};

int err_status(enum err e)
{
    assert(e < ERR_COUNT);
    return table[e].status;
}

const char *err_code(enum err e)
{
    assert(e < ERR_COUNT);
    return table[e].code;
}

const char *err_text(enum err e)
{
    assert(e < ERR_COUNT);
    return table[e].text;
}
