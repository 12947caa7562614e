#include "app/invite_table.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

bool invite_table_begin(struct invite_table *table, int word_count, char **words)
{
    bool as_json = word_count == 1 && strcmp(words[0], "--json") == 0;
    if (word_count > 0 && !as_json)
        return false;
    table->list = as_json ? json_array() : NULL;
    if (!as_json)
        (void)printf("%-43s  %-24s  %s\n", "id", "made", "expires");
    return true;
}

void invite_table_add(const struct invite *invite, void *arg)
{
    struct invite_table *table = arg;
    if (table->list != NULL) {
        json_array_append_new(table->list,
                              json_pack("{s:s,s:o,s:o}", "id", invite->id, "created_at",
                                        json_from_time(invite->created_unix_ms), "expires_at",
                                        json_from_time(invite->expires_unix_ms)));
        return;
    }
    char made[CLOCK_RFC3339_BYTES];
    char expires[CLOCK_RFC3339_BYTES];
    clock_rfc3339(invite->created_unix_ms, made);
    clock_rfc3339(invite->expires_unix_ms, expires);
    (void)printf("%s  %s  %s\n", invite->id, made, expires);
}

void invite_table_end(struct invite_table *table, bool ok)
{
    if (table->list != NULL && ok) {
        (void)json_dumpf(table->list, stdout, JSON_INDENT(2));
        (void)putchar('\n');
    }
    json_decref(table->list);
    table->list = NULL;
}
