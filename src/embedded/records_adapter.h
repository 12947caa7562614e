/* The records port on the store. */
#ifndef LETTERLOCK_EMBEDDED_RECORDS_ADAPTER_H
#define LETTERLOCK_EMBEDDED_RECORDS_ADAPTER_H

#include "embedded/store.h"
#include "ports/records.h"

/* Frames up to this many bytes are kept in the record. */
#define RECORDS_INLINE_MAX_BYTES 16384u
/* An idempotency key is known for this long. */
#define RECORDS_IDEMPOTENCY_MS (24 * 3600 * (int64_t)1000)

struct records_adapter;

/* Gives the adapter; store is borrowed and must outlive it. */
struct records_adapter *records_adapter_create(struct store *store)
    __attribute__((returns_nonnull));

/* records may be NULL. No call may be running. */
void records_adapter_destroy(struct records_adapter *records);

/* Fills in the port; out lives no longer than records. */
void records_adapter_port(struct records_adapter *records, struct records *out);

/* Inside a task or a read: the number by which other tables know the user (it never changes and is
 * never used again). ERR_NOT_FOUND. */
enum err records_adapter_user_no(struct records_adapter *records, struct store_db *db,
                                 const struct uuid *id, int64_t *no) MUST_CHECK;

#endif
