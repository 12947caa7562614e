/* What a letter may say about its file: name and media type. Used for what is sent and, because
 * clients seal letters themselves, again for what is opened. */
#ifndef LETTERLOCK_CORE_LETTER_FILE_H
#define LETTERLOCK_CORE_LETTER_FILE_H

#include "base/bytes.h"

#define LETTER_FILE_NAME_MAX_BYTES 255u
#define LETTER_FILE_MEDIA_TYPE_MAX_BYTES 127u

/* The media type of files whose sender named none that we can pass on. */
#define LETTER_FILE_MEDIA_TYPE BYTES_LIT("application/octet-stream")

/* True for 1..255 bytes of UTF-8 without '/', '\' and control characters (C0, DEL, C1), "." and
 * ".." excepted: a name that every system can store as a name. */
bool letter_file_name_is_valid(struct bytes name);

/* name when it is valid, else "file": for names out of letters that clients sealed. */
struct bytes letter_file_name(struct bytes name);

/* media_type when it is type "/" subtype of tokens (RFC 9110 section 8.3.1), perhaps with
 * parameters of visible ASCII, in at most 127 bytes, and so harmless in a header; otherwise
 * LETTER_FILE_MEDIA_TYPE. */
struct bytes letter_file_media_type(struct bytes media_type);

#endif
