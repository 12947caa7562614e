/* What AWS's answers say: error codes in their three notations, dates, checksums. Pure. */
#ifndef LETTERLOCK_AWS_CLIENT_ANSWERS_H
#define LETTERLOCK_AWS_CLIENT_ANSWERS_H

#include "base/arena.h"

#define ANSWERS_CODE_BYTES 96u

/* Reads the error code of a failure: from error_type (the header x-amzn-ErrorType, or ""), a JSON
 * body's __type or code, or an XML body's <Code>, without namespace and address. "" for none.
 * Gives the message in the arena, or "". */
const char *answers_code(struct arena *arena, const char *error_type, struct bytes body,
                         char code[ANSWERS_CODE_BYTES]);

/* True when a body of a 200 is an error all the same: S3's CompleteMultipartUpload and CopyObject
 * (S3 API Reference) begin their answer before they know. */
bool answers_is_disguised_error(struct bytes body);

/* The text of the first element of that name, with character references resolved, in the arena;
 * false when there is none, or it holds elements. Not a general parser: no namespaces, CDATA or
 * comments, which AWS does not send. */
bool answers_xml_text(struct arena *arena, struct bytes body, const char *name, struct bytes *out);

/* Reads an HTTP date (RFC 9110 section 5.6.7, IMF-fixdate); false for anything else. */
bool answers_date(const char *text, int64_t *unix_ms);

/* CRC-32 (ISO 3309) of data, as DynamoDB gives it in x-amz-crc32. */
uint32_t answers_crc32(struct bytes data);

/* The whole size in a Content-Range "bytes 0-9/1234"; false for anything else. */
bool answers_range_size(const char *content_range, uint64_t *size);

#endif
