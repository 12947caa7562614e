/* The contract of the records port on DynamoDB, and what holds between nodes. Every test takes a
 * pair of empty tables: "<LETTERLOCK_AWS_USERS_TABLE>-1", "-2" and so on, with the messages tables
 * alike; LETTERLOCK_TEST_TABLES says how many there are. */
#include "contract_records.h"

#include "base/mem.h"
#include "nodes.h"
#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NAME_BYTES 128

struct made {
    char users[NAME_BYTES];
    char messages[NAME_BYTES];
    struct tables_node node;
};

static void *make(struct records *out)
{
    static int pairs_used;
    struct made *made = mem_alloc(sizeof *made);
    assert_true(++pairs_used <= atoi(tables_setting("LETTERLOCK_TEST_TABLES")));
    (void)snprintf(made->users, sizeof made->users, "%s-%d",
                   tables_setting("LETTERLOCK_AWS_USERS_TABLE"), pairs_used);
    (void)snprintf(made->messages, sizeof made->messages, "%s-%d",
                   tables_setting("LETTERLOCK_AWS_MESSAGES_TABLE"), pairs_used);
    tables_open(&made->node, made->users, made->messages);
    *out = dynamo_records_port(made->node.records);
    return made;
}

static void unmake(void *p)
{
    struct made *made = p;
    tables_close(&made->node);
    mem_free(made);
}

static void open_another(void *p, struct tables_node *out)
{
    struct made *made = p;
    tables_open(out, made->users, made->messages);
}

int main(void)
{
    const struct records_maker maker = {.make = make, .unmake = unmake};
    int failed = contract_records_run(&maker);
    return failed + nodes_run(open_another) == 0 ? 0 : 1;
}
