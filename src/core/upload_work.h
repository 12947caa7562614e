/* What the files of uploads share: one upload in the hands of one request. */
#ifndef LETTERLOCK_CORE_UPLOAD_WORK_H
#define LETTERLOCK_CORE_UPLOAD_WORK_H

#include "core/uploads.h"

struct upload {
    struct core *core;
    struct upload_state state;
    struct secret secret; /* of the URL */
    struct secret key;
    int64_t expires_unix_ms;
    uint64_t saved_offset; /* what the record knows */
    int64_t saved_mono_ms;
    bool unsaved;         /* frames were made durable that the record does not know */
    struct sealer sealer; /* once sealing goes on */
    struct checksum checksum;
    struct object_draft *draft;
    struct buffer frames;
};

/* Stores the letter of a whole, complete upload, and tells everyone concerned; then notes in the
 * record that it is done. */
enum err upload_deliver(struct upload *upload, struct ctx *ctx) MUST_CHECK;

/* Writes the state to its record. ERR_UPLOAD_TAKEN_OVER, ERR_NOT_FOUND. */
enum err upload_save(struct upload *upload, struct ctx *ctx) MUST_CHECK;

#endif
