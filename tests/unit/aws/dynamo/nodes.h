/* What holds between several nodes on the same tables. */
#ifndef LETTERLOCK_TESTS_AWS_NODES_H
#define LETTERLOCK_TESTS_AWS_NODES_H

#include "tables.h"

/* Runs the suite on the adapter that office_use was told of; open opens another node on the tables
 * of one that was made. The number of failed tests. */
int nodes_run(void (*open)(void *made, struct tables_node *out));

#endif
