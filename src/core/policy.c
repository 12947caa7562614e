#include "core/policy.h"

#include "base/ascii.h"

#include <string.h>

#define LOCAL_PART_MAX_BYTES 64u /* RFC 5321 section 4.5.3.1.1 */
#define LABEL_MAX_BYTES 63u      /* RFC 1035 section 2.3.4 */

static const char *const reserved_names[] = {
    "abuse",      "admin",      "administrator", "anonymous",  "api",      "everyone",
    "help",       "hostmaster", "info",          "letterlock", "me",       "moderator",
    "nobody",     "noreply",    "no-reply",      "null",       "official", "operator",
    "postmaster", "root",       "security",      "service",    "ssladmin", "staff",
    "support",    "sysadmin",   "system",        "undefined",  "unread",   "webmaster",
};

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static void lower_copy(struct bytes in, char *out)
{
    for (size_t i = 0; i < in.n; i++)
        out[i] = (char)ascii_lower(in.p[i]);
    out[in.n] = '\0';
}

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof reserved_names / sizeof reserved_names[0]; i++) {
        if (strcmp(name, reserved_names[i]) == 0)
            return true;
    }
    return false;
}

enum err policy_username(struct ctx *ctx, struct bytes in, char out[USERNAME_MAX_BYTES + 1])
{
    if (in.n < 3 || in.n > USERNAME_MAX_BYTES)
        return ERR_INVALID_USERNAME;
    lower_copy(in, out);
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = (uint8_t)out[i];
        if (!is_lower(c) && (i == 0 || (!is_digit(c) && c != '.' && c != '_' && c != '-')))
            return ERR_INVALID_USERNAME;
    }
    if (!is_lower((uint8_t)out[in.n - 1]) && !is_digit((uint8_t)out[in.n - 1]))
        return ctx_fail(ctx, ERR_INVALID_USERNAME, "A username ends in a letter or a digit.");
    if (is_reserved(out))
        return ctx_fail(ctx, ERR_INVALID_USERNAME, "This username is reserved. Choose another.");
    return ERR_OK;
}

/* RFC 5321 section 4.1.2: Dot-string of atext (RFC 5322 section 3.2.3). */
static bool is_local_part(struct bytes local)
{
    static const char specials[] = "!#$%&'*+-/=?^_`{|}~.";
    if (local.n == 0 || local.n > LOCAL_PART_MAX_BYTES || local.p[0] == '.' ||
        local.p[local.n - 1] == '.')
        return false;
    for (size_t i = 0; i < local.n; i++) {
        uint8_t c = local.p[i];
        if (!is_lower(ascii_lower(c)) && !is_digit(c) &&
            memchr(specials, c, sizeof specials - 1) == NULL)
            return false;
        if (c == '.' && local.p[i + 1] == '.')
            return false;
    }
    return true;
}

static bool is_label(struct bytes label)
{
    if (label.n == 0 || label.n > LABEL_MAX_BYTES || label.p[0] == '-' ||
        label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++) {
        if (!is_lower(ascii_lower(label.p[i])) && !is_digit(label.p[i]) && label.p[i] != '-')
            return false;
    }
    return true;
}

/* At least two labels, the last of which is no number (that would be an address literal). */
static bool is_domain(struct bytes domain)
{
    size_t labels = 0;
    struct bytes label = {0};
    size_t at = 0;
    while (at <= domain.n) {
        size_t dot = bytes_find(domain, '.', at);
        size_t end = dot == SIZE_MAX ? domain.n : dot;
        label = bytes_slice(domain, at, end - at);
        if (!is_label(label))
            return false;
        labels++;
        at = end + 1;
    }
    uint64_t number;
    return labels >= 2 && !bytes_to_u64(label, UINT64_MAX, &number);
}

enum err policy_email(struct bytes in, char out[EMAIL_MAX_BYTES + 1])
{
    size_t at = bytes_find(in, '@', 0);
    if (at == SIZE_MAX || in.n > EMAIL_MAX_BYTES || !is_local_part(bytes_slice(in, 0, at)) ||
        !is_domain(bytes_slice(in, at + 1, SIZE_MAX)))
        return ERR_INVALID_EMAIL;
    lower_copy(in, out);
    return ERR_OK;
}

bool policy_domain_allowed(const char *domains, const char *email)
{
    struct bytes address = bytes_of_str(email);
    struct bytes domain = bytes_slice(address, bytes_find(address, '@', 0) + 1, SIZE_MAX);
    struct bytes rest = bytes_of_str(domains);
    if (bytes_trim(rest).n == 0)
        return true;
    while (rest.n > 0) {
        size_t comma = bytes_find(rest, ',', 0);
        if (bytes_equal_nocase(bytes_trim(bytes_slice(rest, 0, comma)), domain))
            return true;
        rest = bytes_slice(rest, comma == SIZE_MAX ? rest.n : comma + 1, SIZE_MAX);
    }
    return false;
}
