/* A fresh directory for one test: it becomes the working directory and the place of sessions. */
#ifndef LETTERLOCK_TESTS_TEMPORARY_DIRECTORY_H
#define LETTERLOCK_TESTS_TEMPORARY_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

struct temporary_directory {
    char path[64];
};

/* Makes and enters it, and points XDG_STATE_HOME at it. */
bool temporary_directory_enter(struct temporary_directory *directory);

/* Removes it with everything in it. */
void temporary_directory_leave(const struct temporary_directory *directory);

/* The number of entries of a directory below, "." for itself. */
size_t temporary_directory_count(const char *path);

#endif
