/* The contract of ports/objects.h as a test suite that runs on any adapter. */
#ifndef LETTERLOCK_TESTS_CONTRACT_OBJECTS_H
#define LETTERLOCK_TESTS_CONTRACT_OBJECTS_H

#include "ports/objects.h"

/* make gives the port of an empty adapter and a handle, which unmake takes. */
struct objects_maker {
    void *(*make)(struct objects *out);
    void (*unmake)(void *made);
};

/* Runs the suite; the number of failed tests. */
int contract_objects_run(const char *name, const struct objects_maker *maker);

/* The same for drafts. */
int contract_drafts_run(const char *name, const struct objects_maker *maker);

#endif
