/* Checking a data directory, beside a running server or without one: what can be told without
 * anybody's key. */
#ifndef LETTERLOCK_EMBEDDED_CHECK_H
#define LETTERLOCK_EMBEDDED_CHECK_H

#include "base/ctx.h"
#include "base/uuid.h"

enum check_problem {
    CHECK_NONE,
    CHECK_DATABASE, /* SQLite's own check, or rows that do not fit together */
    CHECK_HEADER,   /* the header does not parse, or is not of this letter */
    CHECK_MISSING,  /* the object is not there or cannot be read */
    CHECK_LENGTH,   /* truncated or too long */
    CHECK_FRAMES,   /* frames out of order, no final one, other damage to their structure */
    CHECK_CHECKSUM, /* bytes were changed */
    CHECK_USAGE,    /* a user's usage is not the sum of the letters */
    CHECK_ORPHAN,   /* an object without a letter: no damage, the server's sweep removes it */
};

struct check_finding {
    enum check_problem problem;
    const struct uuid *id; /* of the letter, object or user, or NULL */
    const char *text;      /* what is wrong, for people; lives during the call */
};

struct check_summary {
    uint64_t letters;         /* looked at */
    uint64_t objects;         /* of these, with frames in a file */
    uint64_t bytes;           /* header and frames */
    uint64_t damaged_letters; /* the server refuses to open them */
    uint64_t other_problems;  /* of the database and of usage */
    uint64_t orphans;
};

/* Reads every letter in the data directory and reports each finding to found(arg, …) as it goes; a
 * letter is named once, with the first damage met. ERR_OK when everything was looked at, whatever
 * was found; ERR_UNAVAILABLE when the database cannot be opened; ERR_DEADLINE. Letters that the
 * server deletes meanwhile are no findings. */
enum err check_run(struct ctx *ctx, const char *data_dir,
                   void (*found)(void *arg, const struct check_finding *finding), void *arg,
                   struct check_summary *out) MUST_CHECK;

#endif
