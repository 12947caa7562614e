/* A data directory with two users and really sealed letters between them, for tests of what works
 * on the whole of it. */
#ifndef LETTERLOCK_TESTS_LETTERBOX_H
#define LETTERLOCK_TESTS_LETTERBOX_H

#include "embedded/data_dir.h"
#include "embedded/objects_adapter.h"
#include "embedded/records_adapter.h"
#include "scratch.h"

struct letterbox {
    struct scratch scratch;
    char *path; /* of the data directory */
    struct data_dir *dir;
    struct store *store;
    struct records_adapter *records_adapter;
    struct objects_adapter *objects_adapter;
    struct records records;
    struct objects objects;
    struct actor actor; /* bob, who gets the letters */
    struct uuid alice;
    struct uuid bob;
};

/* Starts all of it in a fresh directory, with the actor set. */
void letterbox_init(struct letterbox *box);

/* Stops it, leaves the files; letterbox_start takes them up again. */
void letterbox_stop(struct letterbox *box);
void letterbox_start(struct letterbox *box);

/* Stops it if it runs and removes everything. */
void letterbox_fini(struct letterbox *box);

/* Seals and stores a letter from alice to bob with that many bytes of plaintext: as an object when
 * the frames are too many for the record. Gives its id. */
struct uuid letterbox_send(struct letterbox *box, size_t plaintext_bytes);

/* The path of a letter's object, in the arena. */
char *letterbox_object(struct letterbox *box, const struct uuid *id);

/* Deletes a letter and its object, as the server does. */
void letterbox_delete(struct letterbox *box, const struct uuid *id);

#endif
