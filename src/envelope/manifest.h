/* What a letter holds inside: u32 manifest length | manifest | file bytes. The manifest is a JSON
 * object {"text"?, "file"?: {"name", "media_type", "size"?}, "sent_at_ms"?}; members that are not
 * known are ignored. Names and media types come from the sender: they are data, checked for UTF-8
 * and length only. */
#ifndef LETTERLOCK_ENVELOPE_MANIFEST_H
#define LETTERLOCK_ENVELOPE_MANIFEST_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/err.h"

#define MANIFEST_PREFIX_BYTES 4u
#define MANIFEST_MAX_BYTES (320u << 10) /* of the JSON */
#define MANIFEST_MAX_TEXT_BYTES (256u << 10)
#define MANIFEST_MAX_NAME_BYTES 255u
#define MANIFEST_MAX_MEDIA_TYPE_BYTES 255u

struct manifest {
    bool has_text;
    struct bytes text;
    bool has_file;
    struct bytes file_name;  /* 1..255 bytes */
    struct bytes media_type; /* 1..255 bytes */
    bool has_file_size;      /* absent when the size was not known as sealing began */
    uint64_t file_size_bytes;
    bool has_sent_at;
    int64_t sent_at_unix_ms; /* by the sender's clock */
};

/* Appends length and manifest: the plaintext up to the first byte of the file. ERR_TEXT_TOO_LONG
 * when the text, or the JSON it becomes, passes its ceiling; ERR_INVALID_FIELD when a member is out
 * of its limits, is not UTF-8 or holds a NUL; ERR_INTERNAL when out is full. */
enum err manifest_write(const struct manifest *m, struct buffer *out) MUST_CHECK;

/* Reads the JSON of a manifest strictly. What *out borrows lives in the arena. ERR_SEALED_INVALID
 * on anything that manifest_write would not write, unknown members apart. */
enum err manifest_parse(struct arena *arena, struct bytes json, struct manifest *out) MUST_CHECK;

/* Bytes of the file in a plaintext of plaintext_length bytes whose manifest JSON is json_length
 * bytes long. ERR_SEALED_INVALID when the plaintext is too short for them. */
enum err manifest_file_size(uint64_t plaintext_length, size_t json_length,
                            uint64_t *out) MUST_CHECK;

/* Splits a plaintext that comes in pieces. */
struct manifest_splitter {
    struct buffer head; /* prefix and JSON */
    size_t need;        /* bytes that head must reach; grows once the prefix is there */
};

void manifest_splitter_init(struct manifest_splitter *s);

/* Cleanses and frees. A zeroed struct is legal. */
void manifest_splitter_fini(struct manifest_splitter *s);

/* Takes the next piece of plaintext. *file is the part of it that belongs to the file, borrowed
 * from the piece; empty while the manifest is not complete. ERR_SEALED_INVALID when the manifest
 * claims to be longer than MANIFEST_MAX_BYTES. */
enum err manifest_splitter_push(struct manifest_splitter *s, struct bytes plaintext,
                                struct bytes *file) MUST_CHECK;

/* The manifest's JSON, borrowed until fini; false while it is not complete. A plaintext that ends
 * before that is malformed. */
bool manifest_splitter_json(const struct manifest_splitter *s, struct bytes *json);

#endif
