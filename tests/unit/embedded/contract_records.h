/* The contract of ports/records.h as a test suite that runs on any adapter. */
#ifndef LETTERLOCK_TESTS_CONTRACT_RECORDS_H
#define LETTERLOCK_TESTS_CONTRACT_RECORDS_H

#include "ports/records.h"

/* make gives the port of an empty adapter and a handle, which unmake takes. */
struct records_maker {
    void *(*make)(struct records *out);
    void (*unmake)(void *made);
};

/* Runs all of the suite; the number of failed tests. */
int contract_records_run(const struct records_maker *maker);

/* The parts of it, for contract_records_run. */
int contract_users_run(void);
int contract_lists_run(void);

#endif
