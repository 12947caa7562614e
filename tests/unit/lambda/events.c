#include "events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct bytes events_text(struct arena *arena, const char *text)
{
    char *copy = arena_str(arena, bytes_of_str(text));
    for (char *c = copy; *c != '\0'; c++) {
        if (*c == '\'')
            *c = '"';
    }
    return bytes_of_str(copy);
}

json_t *events_parse(struct arena *arena, const char *text)
{
    bool nul_in_name;
    json_t *object = json_parse_quoting(events_text(arena, text), &nul_in_name);
    assert_non_null(object);
    return object;
}
