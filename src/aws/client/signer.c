#include "aws/client/signer.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DAY_CHARS 8 /* of signer_date's YYYYMMDD */
#define QUERY_PARTS_MAX 64u
#define CANONICAL_MAX (64u << 10)
#define HEX_BYTES (2 * DIGEST_SHA256_BYTES + 1)

/* --- pieces --- */

void signer_date(int64_t unix_ms, char out[SIGNER_DATE_BYTES])
{
    char text[CLOCK_RFC3339_BYTES];
    size_t n = 0;
    clock_rfc3339(unix_ms, text);
    for (const char *c = text; *c != '.' && n < SIGNER_DATE_BYTES - 2; c++) {
        if (*c != '-' && *c != ':')
            out[n++] = *c;
    }
    out[n++] = 'Z';
    out[n] = '\0';
}

void signer_encode(struct buffer *out, struct bytes text, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (ascii_is_unreserved(c) || (keep_slash && c == '/')) {
            buffer_append_u8(out, c);
        } else {
            buffer_append_u8(out, '%');
            buffer_append_u8(out, (uint8_t)digits[c >> 4]);
            buffer_append_u8(out, (uint8_t)digits[c & 15]);
        }
    }
}

static void hex_digest(struct bytes data, char out[HEX_BYTES])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct buffer text;
    digest_sha256(data, digest);
    buffer_init(&text, HEX_BYTES);
    encode_hex(&text, bytes_of(digest, sizeof digest));
    memcpy(out, text.p, HEX_BYTES - 1);
    out[HEX_BYTES - 1] = '\0';
    buffer_fini(&text);
}

static void hmac(struct bytes key, struct bytes data, uint8_t out[DIGEST_SHA256_BYTES])
{
    unsigned n = 0;
    if (HMAC(EVP_sha256(), key.p, (int)key.n, data.p, data.n, out, &n) == NULL)
        abort(); /* it takes lack of memory */
}

/* --- the path --- */

/* Appends path without dot segments and double slashes (RFC 3986 section 5.2.4). */
static void append_normal_path(struct buffer *out, struct bytes path)
{
    size_t start = out->n;
    size_t i = 0;
    bool directory = false;
    while (i < path.n) {
        size_t end = bytes_find(path, '/', i);
        end = end == SIZE_MAX ? path.n : end;
        struct bytes part = bytes_slice(path, i, end - i);
        directory = end < path.n;
        i = end + 1;
        if (bytes_equal_str(part, "..")) {
            while (out->n > start && out->p[--out->n] != '/') {
            }
            directory = true;
        } else if (bytes_equal_str(part, ".")) {
            directory = true;
        } else if (part.n > 0) {
            buffer_append_u8(out, '/');
            buffer_append(out, part);
        }
    }
    if (directory || out->n == start)
        buffer_append_u8(out, '/');
}

static void append_path(struct buffer *out, struct bytes path, const struct signer_scope *scope)
{
    struct buffer normal;
    if (path.n == 0)
        path = BYTES_LIT("/");
    buffer_init(&normal, CANONICAL_MAX);
    if (scope->normalize_path) {
        append_normal_path(&normal, path);
        path = buffer_bytes(&normal);
    }
    if (scope->encode_path_once)
        buffer_append(out, path);
    else
        signer_encode(out, path, true);
    out->overflow = out->overflow || normal.overflow;
    buffer_fini(&normal);
}

/* --- the query --- */

struct part {
    struct bytes name;
    struct bytes value;
};

struct parts {
    struct buffer text; /* backs the parts */
    struct part items[QUERY_PARTS_MAX];
    size_t offsets[QUERY_PARTS_MAX][4]; /* name from, name to, value from, value to */
    size_t count;
};

/* Appends text, percent-encoded in whatever way, as SigV4 encodes it. */
static void append_reencoded(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '%' && i + 2 < text.n && ascii_hex_value(text.p[i + 1]) >= 0 &&
            ascii_hex_value(text.p[i + 2]) >= 0) {
            c = (uint8_t)(ascii_hex_value(text.p[i + 1]) << 4 | ascii_hex_value(text.p[i + 2]));
            i += 2;
        }
        signer_encode(out, bytes_of(&c, 1), false);
    }
}

static bool add_part(struct parts *parts, struct bytes text)
{
    if (parts->count == QUERY_PARTS_MAX)
        return false;
    size_t *at = parts->offsets[parts->count++];
    size_t equals = bytes_find(text, '=', 0);
    at[0] = parts->text.n;
    append_reencoded(&parts->text, bytes_slice(text, 0, equals == SIZE_MAX ? text.n : equals));
    at[1] = at[2] = parts->text.n;
    if (equals != SIZE_MAX)
        append_reencoded(&parts->text, bytes_slice(text, equals + 1, text.n));
    at[3] = parts->text.n;
    return true;
}

static bool split_query(struct parts *parts, struct bytes query)
{
    bool ok = true;
    while (query.n > 0 && ok) {
        size_t end = bytes_find(query, '&', 0);
        struct bytes text = bytes_slice(query, 0, end == SIZE_MAX ? query.n : end);
        query = end == SIZE_MAX ? (struct bytes){0} : bytes_slice(query, end + 1, query.n);
        if (text.n > 0)
            ok = add_part(parts, text);
    }
    return ok && buffer_ok(&parts->text);
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *x = a;
    const struct part *y = b;
    int order = bytes_compare(x->name, y->name);
    return order != 0 ? order : bytes_compare(x->value, y->value);
}

/* Appends the canonical query of one or two pieces of query; false when there is too much of it. */
static bool append_query(struct buffer *out, struct bytes query, struct bytes more)
{
    struct parts *parts = mem_alloc(sizeof *parts);
    buffer_init(&parts->text, CANONICAL_MAX);
    bool ok = split_query(parts, query) && split_query(parts, more);
    for (size_t i = 0; ok && i < parts->count; i++) {
        const size_t *at = parts->offsets[i];
        struct bytes text = buffer_bytes(&parts->text);
        parts->items[i] = (struct part){bytes_slice(text, at[0], at[1] - at[0]),
                                        bytes_slice(text, at[2], at[3] - at[2])};
    }
    if (ok && parts->count > 1)
        qsort(parts->items, parts->count, sizeof parts->items[0], compare_parts);
    for (size_t i = 0; ok && i < parts->count; i++) {
        if (i > 0)
            buffer_append_u8(out, '&');
        buffer_append(out, parts->items[i].name);
        buffer_append_u8(out, '=');
        buffer_append(out, parts->items[i].value);
    }
    buffer_fini(&parts->text);
    mem_free(parts);
    return ok;
}

/* --- headers --- */

/* Stable: duplicates keep their order. */
static void sort_headers(const struct signer_header **sorted, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct signer_header *header = sorted[i];
        size_t at = i;
        for (; at > 0 && strcasecmp(sorted[at - 1]->name, header->name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = header;
    }
}

static void append_lower(struct buffer *out, const char *name)
{
    for (; *name != '\0'; name++)
        buffer_append_u8(out, (uint8_t)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name));
}

/* Without white space at the ends, and one space for every run of it. */
static void append_trimmed(struct buffer *out, struct bytes value)
{
    bool space = false;
    value = bytes_trim(value);
    for (size_t i = 0; i < value.n; i++) {
        bool here = value.p[i] == ' ' || value.p[i] == '\t';
        if (!here || !space)
            buffer_append_u8(out, here ? ' ' : value.p[i]);
        space = here;
    }
}

/* Appends the canonical headers to out and their names to names. */
static void append_headers(struct buffer *out, struct buffer *names,
                           const struct signer_request *request)
{
    const struct signer_header *sorted[SIGNER_HEADERS_MAX];
    for (size_t i = 0; i < request->header_count; i++)
        sorted[i] = &request->headers[i];
    sort_headers(sorted, request->header_count);
    for (size_t i = 0; i < request->header_count; i++) {
        if (i > 0 && strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            buffer_append_u8(out, ',');
        } else {
            if (i > 0) {
                buffer_append_u8(out, '\n');
                buffer_append_u8(names, ';');
            }
            append_lower(out, sorted[i]->name);
            append_lower(names, sorted[i]->name);
            buffer_append_u8(out, ':');
        }
        append_trimmed(out, sorted[i]->value);
    }
    buffer_append_str(out, "\n");
}

/* --- signing --- */

static void append_scope(struct buffer *out, const char *date, const struct signer_scope *scope)
{
    buffer_append(out, bytes_of(date, DAY_CHARS));
    buffer_printf(out, "/%s/%s/aws4_request", scope->region, scope->service);
}

/* Key derivation of the day, the region and the service, and the signature. */
static void sign(const struct aws_credentials *credentials, const struct signer_scope *scope,
                 const char *date, struct bytes text, char out[HEX_BYTES])
{
    uint8_t key[DIGEST_SHA256_BYTES];
    uint8_t first[4 + AWS_SECRET_KEY_BYTES];
    size_t n = strlen(credentials->secret_access_key);
    memcpy(first, "AWS4", 4);
    memcpy(first + 4, credentials->secret_access_key, n);
    hmac(bytes_of(first, 4 + n), bytes_of(date, DAY_CHARS), key);
    const struct bytes steps[] = {bytes_of_str(scope->region), bytes_of_str(scope->service),
                                  BYTES_LIT("aws4_request"), text};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        hmac(bytes_of(key, sizeof key), steps[i], key);
    struct buffer hex;
    buffer_init(&hex, HEX_BYTES);
    encode_hex(&hex, bytes_of(key, sizeof key));
    memcpy(out, hex.p, HEX_BYTES - 1);
    out[HEX_BYTES - 1] = '\0';
    buffer_fini(&hex);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(first, sizeof first);
}

/* The signature of the canonical request, of whose query added is a further piece. */
static enum err sign_request(const struct signer_request *request, const struct signer_scope *scope,
                             const struct aws_credentials *credentials, struct bytes added,
                             struct buffer *names, char signature[HEX_BYTES])
{
    struct buffer canonical;
    struct buffer text;
    char date[SIGNER_DATE_BYTES];
    char hash[HEX_BYTES];
    signer_date(scope->unix_ms, date);
    buffer_init(&canonical, CANONICAL_MAX);
    buffer_printf(&canonical, "%s\n", request->method);
    append_path(&canonical, request->path, scope);
    buffer_append_u8(&canonical, '\n');
    bool ok = append_query(&canonical, request->query, added);
    buffer_append_u8(&canonical, '\n');
    append_headers(&canonical, names, request);
    buffer_append_u8(&canonical, '\n');
    buffer_append(&canonical, buffer_bytes(names));
    if (request->payload_hash == NULL)
        hex_digest(request->body, hash);
    buffer_printf(&canonical, "\n%s", request->payload_hash == NULL ? hash : request->payload_hash);
    ok = ok && buffer_ok(&canonical) && buffer_ok(names);
    hex_digest(buffer_bytes(&canonical), hash);
    buffer_fini(&canonical);
    buffer_init(&text, CANONICAL_MAX);
    buffer_printf(&text, ALGORITHM "\n%s\n", date);
    append_scope(&text, date, scope);
    buffer_printf(&text, "\n%s", hash);
    sign(credentials, scope, date, buffer_bytes(&text), signature);
    buffer_fini(&text);
    return ok ? ERR_OK : ERR_INVALID_FIELD;
}

enum err signer_authorization(const struct signer_request *request,
                              const struct signer_scope *scope,
                              const struct aws_credentials *credentials, struct buffer *out)
{
    char signature[HEX_BYTES];
    char date[SIGNER_DATE_BYTES];
    struct buffer names;
    if (request->header_count > SIGNER_HEADERS_MAX)
        return ERR_INVALID_FIELD;
    buffer_init(&names, CANONICAL_MAX);
    enum err e = sign_request(request, scope, credentials, (struct bytes){0}, &names, signature);
    signer_date(scope->unix_ms, date);
    buffer_printf(out, ALGORITHM " Credential=%s/", credentials->access_key_id);
    append_scope(out, date, scope);
    buffer_append_str(out, ", SignedHeaders=");
    buffer_append(out, buffer_bytes(&names));
    buffer_printf(out, ", Signature=%s", signature);
    buffer_fini(&names);
    return e;
}

static void append_signed_names(struct buffer *out, const struct signer_request *request)
{
    struct buffer values;
    struct buffer names;
    buffer_init(&values, CANONICAL_MAX);
    buffer_init(&names, CANONICAL_MAX);
    append_headers(&values, &names, request);
    signer_encode(out, buffer_bytes(&names), false);
    buffer_fini(&values);
    buffer_fini(&names);
}

enum err signer_presign(const struct signer_request *request, const struct signer_scope *scope,
                        const struct aws_credentials *credentials, int64_t expires_s,
                        struct buffer *out)
{
    char signature[HEX_BYTES];
    char date[SIGNER_DATE_BYTES];
    struct buffer added;
    struct buffer text;
    if (request->header_count > SIGNER_HEADERS_MAX)
        return ERR_INVALID_FIELD;
    signer_date(scope->unix_ms, date);
    buffer_init(&text, CANONICAL_MAX);
    buffer_printf(&text, "%s/", credentials->access_key_id);
    append_scope(&text, date, scope);
    buffer_init(&added, CANONICAL_MAX);
    buffer_append_str(&added, "X-Amz-Algorithm=" ALGORITHM "&X-Amz-Credential=");
    signer_encode(&added, buffer_bytes(&text), false);
    buffer_printf(&added, "&X-Amz-Date=%s&X-Amz-Expires=%lld", date, (long long)expires_s);
    if (credentials->session_token[0] != '\0') {
        buffer_append_str(&added, "&X-Amz-Security-Token=");
        signer_encode(&added, bytes_of_str(credentials->session_token), false);
    }
    buffer_append_str(&added, "&X-Amz-SignedHeaders=");
    append_signed_names(&added, request);
    buffer_clear(&text);
    enum err e = sign_request(request, scope, credentials, buffer_bytes(&added), &text, signature);
    if (!buffer_ok(&added))
        e = ERR_INVALID_FIELD;
    buffer_append(out, request->query);
    if (request->query.n > 0)
        buffer_append_u8(out, '&');
    buffer_append(out, buffer_bytes(&added));
    buffer_printf(out, "&X-Amz-Signature=%s", signature);
    buffer_fini(&added);
    buffer_fini(&text);
    return e;
}
