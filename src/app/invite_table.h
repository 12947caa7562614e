/* How `letterlock admin invites` prints invitations: a table, or JSON with --json. */
#ifndef LETTERLOCK_APP_INVITE_TABLE_H
#define LETTERLOCK_APP_INVITE_TABLE_H

#include "ports/invite.h"

#include <jansson.h>

struct invite_table {
    json_t *list; /* NULL: lines are printed as they come */
};

/* Begins, by the words behind the command. False, with nothing to end, when there are other words
 * than --json. */
bool invite_table_begin(struct invite_table *table, int word_count, char **words);

/* Prints one, or keeps it for the end; arg is the table. */
void invite_table_add(const struct invite *invite, void *arg);

/* Prints what is left, if all went well, and frees. */
void invite_table_end(struct invite_table *table, bool ok);

#endif
