/* Every error of Letterlock, from one table: its C name, the HTTP status it becomes, the stable
 * API code and the text for the user. A function that can fail returns enum err. */
#ifndef LETTERLOCK_BASE_ERR_H
#define LETTERLOCK_BASE_ERR_H

/* X(name, status, code, text). Texts say what happened and, where there is something, what to do.
 * Codes are part of the API and never change. */
#define ERR_TABLE(X)                                                                               \
    X(OK, 200, "ok", "Done.")                                                                      \
    /* the request */                                                                              \
    X(INVALID_REQUEST, 400, "invalid_request", "The request is malformed.")                        \
    X(INVALID_JSON, 400, "invalid_json", "The body is not a valid JSON object.")                   \
    X(MISSING_FIELD, 400, "missing_field", "A required field is missing.")                         \
    X(INVALID_FIELD, 400, "invalid_field", "A field has an invalid value.")                        \
    X(INVALID_CURSOR, 400, "invalid_cursor", "The cursor is not one that this list gave.")         \
    X(INVALID_MULTIPART, 400, "invalid_multipart", "The multipart body is malformed.")             \
    X(NOT_FOUND, 404, "not_found", "There is nothing here.")                                       \
    X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", "This address does not take that method.")    \
    X(REQUEST_TIMEOUT, 408, "request_timeout", "The request took too long to arrive.")             \
    X(CONFLICT, 409, "conflict", "The request conflicts with the present state.")                  \
    X(LENGTH_REQUIRED, 411, "length_required", "The request needs a Content-Length.")              \
    X(PRECONDITION_FAILED, 412, "precondition_failed", "A precondition of the request failed.")    \
    X(BODY_TOO_LARGE, 413, "body_too_large", "The body is larger than this address takes.")        \
    X(ANSWER_TOO_LARGE, 413, "answer_too_large", "The answer does not fit into one reply here.")   \
    X(URI_TOO_LONG, 414, "uri_too_long", "The address is too long.")                               \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "This media type is not taken here.") \
    X(RANGE_NOT_SATISFIABLE, 416, "range_not_satisfiable", "The range lies outside the content.")  \
    X(RATE_LIMITED, 429, "rate_limited", "Too many requests. Wait a little and try again.")        \
    X(HEADERS_TOO_LARGE, 431, "headers_too_large", "The request headers are too large.")           \
    /* accounts */                                                                                 \
    X(INVALID_USERNAME, 400, "invalid_username",                                                   \
      "A username has 3 to 32 characters: a-z, 0-9, '.', '_' and '-', with a letter first.")       \
    X(INVALID_EMAIL, 400, "invalid_email", "This is not an e-mail address we can write to.")       \
    X(WEAK_PASSWORD, 400, "weak_password",                                                         \
      "A password has 10 to 256 characters and is not one "                                        \
      "of the common ones or like the username.")                                                  \
    X(USERNAME_TAKEN, 409, "username_taken", "This username is taken. Choose another one.")        \
    X(SIGN_UP_CLOSED, 403, "sign_up_closed", "New accounts are not open here.")                    \
    X(INVITE_REQUIRED, 403, "invite_required", "Signing up here takes an invitation.")             \
    X(DOMAIN_NOT_ALLOWED, 403, "domain_not_allowed",                                               \
      "Signing up here takes an e-mail address of the organisation.")                              \
    X(CODE_MISMATCH, 400, "code_mismatch", "This code is not the one we sent last.")               \
    X(CODE_EXPIRED, 400, "code_expired", "This code is too old. Ask for a new one.")               \
    X(TOO_MANY_TRIES, 429, "too_many_tries", "Too many wrong codes. Ask for a new one.")           \
    X(RECOVERY_KEY_WRONG, 400, "recovery_key_wrong", "This is not the account's recovery key.")    \
    /* sessions */                                                                                 \
    X(UNAUTHENTICATED, 401, "unauthenticated", "Sign in to continue.")                             \
    X(BAD_CREDENTIALS, 401, "bad_credentials", "The name or the password is not right.")           \
    X(TOTP_REQUIRED, 401, "totp_required", "Enter the code of your authenticator app.")            \
    X(TOTP_MISMATCH, 401, "totp_mismatch",                                                         \
      "This code is not right, or was used before. Enter the next one of your authenticator app.") \
    X(TOKEN_EXPIRED, 401, "token_expired", "The session's token has expired. Refresh it.")         \
    X(REFRESH_REUSED, 401, "refresh_reused",                                                       \
      "This refresh token was used before. The session was ended for safety; sign in again.")      \
    X(UNCONFIRMED, 403, "unconfirmed", "Confirm the e-mail address first.")                        \
    X(FORBIDDEN, 403, "forbidden", "This is not allowed.")                                         \
    X(ORIGIN_REFUSED, 403, "origin_refused", "The request comes from another site.")               \
    X(ID_TOKEN_REQUIRED, 403, "id_token_required",                                                 \
      "Opening letters takes the ID token; the access token cannot.")                              \
    /* letters */                                                                                  \
    X(UNKNOWN_RECIPIENT, 404, "unknown_recipient", "There is no such recipient.")                  \
    X(EMPTY_LETTER, 400, "empty_letter", "A letter needs a text or a file.")                       \
    X(INVALID_FILE_NAME, 400, "invalid_file_name",                                                 \
      "A file name has 1 to 255 bytes of UTF-8 without '/', '\\' or control characters.")          \
    X(TEXT_TOO_LONG, 413, "text_too_long", "The text is too long. Send it as a file.")             \
    X(LETTER_TOO_LARGE, 413, "letter_too_large", "The letter is larger than this server takes.")   \
    X(QUOTA_EXCEEDED, 403, "quota_exceeded", "The recipient has no room for this letter.")         \
    X(IDEMPOTENCY_MISMATCH, 409, "idempotency_mismatch",                                           \
      "This Idempotency-Key was used for another letter.")                                         \
    X(KEY_LOST, 403, "key_lost",                                                                   \
      "This letter was sealed to a key that was lost when the password was reset without the "     \
      "recovery key. Nobody can open it any more.")                                                \
    X(NOT_FOR_US, 403, "not_sealed_to_you", "This letter was not sealed to your key.")             \
    X(LETTER_DAMAGED, 422, "letter_damaged",                                                       \
      "The stored letter does not verify: it was damaged or changed. It was not opened.")          \
    X(SEALED_INVALID, 422, "sealed_invalid", "This is not a sealed letter that we can take.")      \
    X(OFFSET_MISMATCH, 409, "offset_mismatch", "The upload goes on at another offset.")            \
    X(UPLOAD_EXPIRED, 410, "upload_expired", "The upload has expired. Start again.")               \
    X(UPLOAD_CHANGED, 422, "upload_changed",                                                       \
      "These are not the bytes that were sent here before: the file has changed. Start again.")    \
    X(UPLOAD_TAKEN_OVER, 423, "upload_taken_over", "Another request goes on with this upload.")    \
    X(TOO_MANY_UPLOADS, 429, "too_many_uploads",                                                   \
      "Too much is being uploaded already. Finish or delete an upload first.")                     \
    X(NOT_OFFERED, 404, "not_offered", "This server does not offer that.")                         \
    X(ALREADY_READ, 409, "already_read", "The letter was read; only its recipient can delete it.") \
    X(TOO_MANY_STREAMS, 429, "too_many_streams", "Too many event streams are open.")               \
    /* ours */                                                                                     \
    X(CANCELLED, 499, "cancelled", "The client went away.")                                        \
    X(INTERNAL, 500, "internal", "Something went wrong on the server. It has been logged.")        \
    X(STORAGE_FULL, 503, "storage_full", "The server's storage is full. Try again later.")         \
    X(UNAVAILABLE, 503, "unavailable", "The server cannot do this now. Try again shortly.")        \
    X(DEADLINE, 503, "deadline", "The server took too long. Try again shortly.")

enum err {
#define ERR_ENUM(name, status, code, text) ERR_##name,
    ERR_TABLE(ERR_ENUM)
#undef ERR_ENUM
        ERR_COUNT
};

/* Marks functions whose result must not be ignored. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* The HTTP status, the stable API code, and the user's text of e (0 <= e < ERR_COUNT). */
int err_status(enum err e);
const char *err_code(enum err e);
const char *err_text(enum err e);

#endif
