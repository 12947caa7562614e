/* A post office for tests: the core over the real SQLite records and file objects in a directory
 * of its own, with three users whose P-256 keys are in memory. The keys port here is the real
 * keyring without passwords and sessions; the notices port counts. */
#ifndef LETTERLOCK_TESTS_OFFICE_H
#define LETTERLOCK_TESTS_OFFICE_H

#include "../embedded/scratch.h"
#include "core/core.h"
#include "core/letter_send.h"
#include "embedded/objects_adapter.h"
#include "embedded/records_adapter.h"
#include "envelope/ecdh_key.h"

#include <stdatomic.h>

#define OFFICE_USERS 3

enum office_user { ALICE, BOB, EVE };

struct office {
    struct scratch scratch;
    struct store *store;
    struct records_adapter *records;
    struct objects_adapter *objects;
    struct ports ports;
    struct core_config config;
    struct core core;
    struct actor actors[OFFICE_USERS]; /* with ID tokens */
    struct ecdh_key keys[OFFICE_USERS];
    int64_t lost_before_unix_ms;
    atomic_int notices;
};

/* cmocka set-up and tear-down: *state is the office. */
int office_open(void **state);
int office_close(void **state);

/* The context, acting as that user from now on, with a fresh deadline and present. */
struct ctx *office_as(struct office *office, enum office_user user);

/* Sends a letter from one to another, with text_n bytes of text and, when file_n is not negative,
 * a file of so many bytes (office_byte). Gives the outcome; *letter may be NULL. */
enum err office_send(struct office *office, enum office_user from, const struct letter_draft *draft,
                     int64_t file_n, struct message_record *letter, bool *duplicate);

/* The file's byte at that offset. */
uint8_t office_byte(uint64_t at);

/* Reads bytes [from, to) of a letter's content as user and checks them against office_byte. */
enum err office_check_file(struct office *office, enum office_user user, const struct uuid *id,
                           uint64_t from, uint64_t to);

/* Waits for a letter_send_store; for letter_send_done with this as its argument. */
struct office_outcome {
    struct gate *gate;
    enum err e;
    bool duplicate;
    struct message_record letter;
};
void office_stored(void *arg, const struct letter_outcome *outcome);
enum err office_store(struct letter_send *send, struct ctx *ctx, struct message_record *letter,
                      bool *duplicate);

/* Runs SQL on the database behind the store's back; the first parameter is the id. */
void office_sql(struct office *office, const char *sql, const struct uuid *id,
                const struct uuid *second);

/* The path of a letter's object. */
char *office_object_path(struct office *office, const struct uuid *id);

/* True when the letter has an object. */
bool office_has_object(struct office *office, const struct uuid *id);

#endif
