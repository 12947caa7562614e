/* The tables that the test programs of this folder work on, as the environment names them: the
 * LETTERLOCK_AWS_ variables of the server. */
#ifndef LETTERLOCK_TESTS_AWS_TABLES_H
#define LETTERLOCK_TESTS_AWS_TABLES_H

#include "aws/dynamo/dynamo_records.h"

/* One node: a client and an adapter on a pair of tables. */
struct tables_node {
    struct aws_config config;
    struct aws_client *client;
    struct dynamo_records *records;
};

/* Opens a node on the tables named; ends the process when that cannot be. Both names are borrowed.
 */
void tables_open(struct tables_node *node, const char *users, const char *messages);
void tables_close(struct tables_node *node);

/* A variable of the environment; ends the process when it is not set. */
const char *tables_setting(const char *name);

#endif
