/* Runs the multipart parser and writes what it hands out as text, so that two runs compare. */
#ifndef LETTERLOCK_TESTS_MULTIPART_TRANSCRIPT_H
#define LETTERLOCK_TESTS_MULTIPART_TRANSCRIPT_H

#include "api/multipart.h"

/* Where body is cut: before each multiple of step, and at offset cut (0: not). */
struct transcript_cuts {
    size_t step;
    size_t cut;
};

/* Appends "<name|filename|type>data</>" for each part and the final error's code. */
void multipart_transcript(struct bytes content_type, struct bytes body, struct transcript_cuts cuts,
                          struct buffer *out);

#endif
