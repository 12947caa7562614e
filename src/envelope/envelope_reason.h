/* Why a sealed message was refused, finer than enum err. The texts are the `reason` codes of the
 * message format (section 9); they are for tests, tools and the log, not part of the API. */
#ifndef LETTERLOCK_ENVELOPE_ENVELOPE_REASON_H
#define LETTERLOCK_ENVELOPE_ENVELOPE_REASON_H

#include "base/err.h"

/* X(name, text, error the caller gets). */
#define ENVELOPE_REASON_TABLE(X)                                                                   \
    X(NONE, "none", OK)                                                                            \
    X(TRUNCATED, "truncated", SEALED_INVALID)                                                      \
    X(HEADER_TOO_LARGE, "header-too-large", SEALED_INVALID)                                        \
    X(VERSION, "version", SEALED_INVALID)                                                          \
    X(SUITE, "suite", SEALED_INVALID)                                                              \
    X(CONTENT_TYPE, "content-type", SEALED_INVALID)                                                \
    X(CONTEXT_MALFORMED, "context-malformed", SEALED_INVALID)                                      \
    X(CONTEXT_NOT_UTF8, "context-not-utf8", SEALED_INVALID)                                        \
    X(CONTEXT_DUPLICATE_KEY, "context-duplicate-key", SEALED_INVALID)                              \
    X(CONTEXT_UNSORTED, "context-unsorted", SEALED_INVALID)                                        \
    X(EDK_COUNT_ZERO, "edk-count-zero", SEALED_INVALID)                                            \
    X(EDK_COUNT_TOO_LARGE, "edk-count-too-large", SEALED_INVALID)                                  \
    X(FRAME_LENGTH, "frame-length", SEALED_INVALID)                                                \
    X(EDK_INFO, "edk-info", SEALED_INVALID)                                                        \
    X(EDK_POINT, "edk-point", SEALED_INVALID)                                                      \
    X(EDK_CIPHERTEXT_LENGTH, "edk-ciphertext-length", SEALED_INVALID)                              \
    X(EDK_COMMITMENT, "edk-commitment", LETTER_DAMAGED)                                            \
    X(EDK_TAG, "edk-tag", LETTER_DAMAGED)                                                          \
    X(NO_MATCHING_EDK, "no-matching-edk", NOT_FOR_US)                                              \
    X(KMS_KEY_ID, "kms-key-id", LETTER_DAMAGED)                                                    \
    X(KMS_DATA_KEY_LENGTH, "kms-data-key-length", LETTER_DAMAGED)                                  \
    X(COMMITMENT, "commitment", LETTER_DAMAGED)                                                    \
    X(HEADER_TAG, "header-tag", LETTER_DAMAGED)                                                    \
    X(CONTEXT_MISMATCH, "context-mismatch", LETTER_DAMAGED)                                        \
    X(FRAME_SEQUENCE, "frame-sequence", SEALED_INVALID)                                            \
    X(FRAME_IV, "frame-iv", SEALED_INVALID)                                                        \
    X(FINAL_FRAME_LENGTH, "final-frame-length", SEALED_INVALID)                                    \
    X(FRAME_TAG, "frame-tag", LETTER_DAMAGED)                                                      \
    X(MISSING_FINAL_FRAME, "missing-final-frame", SEALED_INVALID)                                  \
    X(TRAILING_BYTES, "trailing-bytes", SEALED_INVALID)                                            \
    X(BODY_LENGTH, "body-length", SEALED_INVALID)

enum envelope_reason {
#define ENVELOPE_REASON_ENUM(name, text, error) ENVELOPE_REASON_##name,
    ENVELOPE_REASON_TABLE(ENVELOPE_REASON_ENUM)
#undef ENVELOPE_REASON_ENUM
        ENVELOPE_REASON_COUNT
};

/* The code of r as the message format spells it, e.g. "frame-tag". */
const char *envelope_reason_text(enum envelope_reason r);

/* Stores r in *out (which may be NULL) and gives the error that it stands for, so that a check
 * reads: return envelope_reason_set(reason, ENVELOPE_REASON_FRAME_TAG). */
enum err envelope_reason_set(enum envelope_reason *out, enum envelope_reason r);

#endif
