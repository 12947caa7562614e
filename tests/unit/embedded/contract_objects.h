/* The contract of ports/objects.h as a test suite that runs on any adapter. */
#ifndef LETTERLOCK_TESTS_CONTRACT_OBJECTS_H
#define LETTERLOCK_TESTS_CONTRACT_OBJECTS_H

#include "ports/objects.h"

/* make gives the port of an empty adapter and a handle, which unmake takes. */
struct objects_maker {
    void *(*make)(struct objects *out);
    void (*unmake)(void *made);
};

/* What each case works with. */
struct objects_fixture {
    struct arena arena;
    struct ctx ctx;
    struct objects port;
    void *made;
    struct object_draft_place place; /* of the draft, in the cases about drafts */
};

/* Chooses the adapter of the cases to come, which objects_set_up makes anew for each. */
void objects_choose(const struct objects_maker *maker);
int objects_set_up(void **state);
int objects_tear_down(void **state);

/* The bytes at offset of every object here: they differ from place to place. */
void objects_fill(uint8_t *data, size_t n, uint64_t offset);

/* Runs the suite; the number of failed tests. */
int contract_objects_run(const char *name, const struct objects_maker *maker);

/* The same for drafts. */
int contract_drafts_run(const char *name, const struct objects_maker *maker);

#endif
