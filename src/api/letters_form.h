/* The multipart form of a letter: fields to, text, copy, expires_in in any order, then file, which
 * streams into the letter. Unknown fields are ignored. */
#ifndef LETTERLOCK_API_LETTERS_FORM_H
#define LETTERLOCK_API_LETTERS_FORM_H

#include "api/call.h"
#include "api/multipart.h"
#include "core/letter_send.h"

enum letters_form_field { FORM_TO, FORM_TEXT, FORM_COPY, FORM_EXPIRES_IN, FORM_FIELDS };

struct letters_form {
    struct api_call *call;
    struct bytes idempotency_key;
    struct multipart parser;
    struct buffer values[FORM_FIELDS];
    bool seen[FORM_FIELDS];
    int current;          /* the field whose data comes, or one of the marks in letters_form.c */
    size_t ignored_bytes; /* data of unknown fields */
    struct letter_send *send; /* once the file began */
};

/* Prepares for a body of that Content-Type. The idempotency key (may be empty) and call outlive
 * the form. ERR_INVALID_MULTIPART, ERR_UNSUPPORTED_MEDIA_TYPE. Call letters_form_fini in any case.
 */
enum err letters_form_init(struct letters_form *form, struct api_call *call,
                           struct bytes content_type, struct bytes idempotency_key) MUST_CHECK;

/* Takes the next chunk of the body. Errors as multipart_feed and letter_send.h. */
enum err letters_form_feed(struct letters_form *form, struct bytes chunk, bool last) MUST_CHECK;

/* After the last chunk: the letter, begun now if it has no file. The caller takes it. */
enum err letters_form_take(struct letters_form *form, struct letter_send **out) MUST_CHECK;

/* Aborts a letter that was not taken. A zeroed struct is legal. */
void letters_form_fini(struct letters_form *form);

#endif
