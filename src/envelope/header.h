/* The header of a sealed message (message format, section 1): parsing, writing. Keys and tags are
 * the business of derive.h, sealer.h and opener.h. */
#ifndef LETTERLOCK_ENVELOPE_HEADER_H
#define LETTERLOCK_ENVELOPE_HEADER_H

#include "base/buffer.h"
#include "envelope/envelope_reason.h"

#define HEADER_MESSAGE_ID_BYTES 32u
#define HEADER_COMMITMENT_BYTES 32u
#define HEADER_TAG_BYTES 16u
#define HEADER_MAX_EDKS 16u
#define HEADER_MAX_FRAME_LENGTH 1048576u
/* The fixed fields: a header is this long plus its context and its EDKs. */
#define HEADER_FIXED_BYTES 92u
/* A full context and 16 EDKs of ours need less than 80 KiB. No reader holds more than this. */
#define HEADER_MAX_BYTES (128u << 10)
/* Frame length of the letters that we write. */
#define HEADER_LETTER_FRAME_LENGTH 65536u

/* An encrypted data key; all three runs are borrowed. */
struct edk {
    struct bytes provider; /* provider id: "raw-ecdh", "aws-kms", a raw-aes namespace */
    struct bytes info;     /* provider info: which key */
    struct bytes ciphertext;
};

/* Everything borrowed here points into the bytes that were parsed. */
struct header {
    uint8_t message_id[HEADER_MESSAGE_ID_BYTES];
    struct bytes aad; /* field 5, the serialised encryption context, checked */
    struct edk edks[HEADER_MAX_EDKS];
    size_t edk_count;
    uint32_t frame_length;
    uint8_t commitment[HEADER_COMMITMENT_BYTES];
    uint8_t tag[HEADER_TAG_BYTES];
    struct bytes authenticated; /* fields 1 to 10, what the tag covers besides itself */
    size_t length;              /* of the whole header, in bytes */
};

/* Reads a header from the start of data; what follows it is not looked at (frames start at
 * data.p + header->length). data ending too early is ENVELOPE_REASON_TRUNCATED. reason may be
 * NULL. The content is not authenticated yet: see opener_init. */
enum err header_parse(struct bytes data, struct header *header,
                      enum envelope_reason *reason) MUST_CHECK;

enum header_scan {
    HEADER_COMPLETE,
    HEADER_NEEDS_MORE,
    HEADER_MALFORMED,
};

/* The same for a stream: data is its beginning as far as received. With HEADER_NEEDS_MORE, *need is
 * the least number of bytes from the start of the stream with which another call can get further
 * (more than data.n, never above HEADER_MAX_BYTES): a caller that waits for it scans in linear
 * time. With HEADER_MALFORMED, *reason says why. need and reason must not be NULL. */
enum header_scan header_scan(struct bytes data, struct header *header, size_t *need,
                             enum envelope_reason *reason) MUST_CHECK;

/* What a header is made of, without the parts that depend on the data key. aad comes from
 * encryption_context_write. */
struct header_fields {
    uint8_t message_id[HEADER_MESSAGE_ID_BYTES];
    struct bytes aad;
    const struct edk *edks; /* borrowed */
    size_t edk_count;       /* 1..16 */
    uint32_t frame_length;  /* 1..1048576; the Python SDK writes only multiples of 128 */
};

/* Appends fields 1 to 10, that is all but the tag. ERR_INVALID_FIELD when a count, a frame length
 * or the size of a part is out of its limits; ERR_INTERNAL when out is full. */
enum err header_write(const struct header_fields *fields,
                      const uint8_t commitment[HEADER_COMMITMENT_BYTES],
                      struct buffer *out) MUST_CHECK;

#endif
