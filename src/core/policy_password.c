#include "core/policy_password.h"

#include "base/ascii.h"
#include "base/mem.h"

#include <string.h>

#define PERIOD_MAX 5u        /* "abcdeabcde" is a pattern */
#define LIKE_MARGIN_BYTES 6u /* a name needs that much more around it */
#define NAME_MIN_BYTES 3u

/* Words that lead every list of leaked passwords, in lower case. Digits and signs around them, and
 * signs that stand for letters, do not make them better. */
static const char *const common_words[] = {
    "abcdef",
    "access",
    "admin",
    "administrator",
    "america",
    "asdfgh",
    "asdfghjkl",
    "azerty",
    "baseball",
    "basketball",
    "batman",
    "bienvenue",
    "bonjour",
    "butterfly",
    "changeme",
    "charlie",
    "chocolate",
    "computer",
    "contrasena",
    "default",
    "dragon",
    "football",
    "freedom",
    "galaxy",
    "geheim",
    "guest",
    "hallo",
    "hello",
    "helloworld",
    "hunter",
    "iloveyou",
    "internet",
    "jesus",
    "jordan",
    "letmein",
    "letterlock",
    "liverpool",
    "login",
    "london",
    "lovely",
    "loveyou",
    "manchester",
    "master",
    "michael",
    "michelle",
    "minecraft",
    "monkey",
    "motdepasse",
    "mustang",
    "mypassword",
    "newpassword",
    "nothing",
    "office",
    "pass",
    "passphrase",
    "passwd",
    "passwort",
    "password",
    "passwordpassword",
    "pokemon",
    "princess",
    "private",
    "qazwsx",
    "qazwsxedc",
    "qwer",
    "qwert",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "qwertzuiop",
    "schatz",
    "secret",
    "secretpassword",
    "shadow",
    "starwars",
    "summer",
    "sunflower",
    "sunshine",
    "superman",
    "superstar",
    "system",
    "temppassword",
    "test",
    "testing",
    "testpassword",
    "thunder",
    "trustnoone",
    "unknown",
    "user",
    "welcome",
    "whatever",
    "winter",
    "yourpassword",
    "zaq",
    "zxcvbn",
    "zxcvbnm",
};

/* The password with ASCII letters in lower case. */
struct lowered {
    size_t n;
    uint8_t b[POLICY_PASSWORD_MAX_BYTES];
};

static size_t count_chars(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.n; i++)
        count += (text.p[i] & 0xc0) != 0x80;
    return count;
}

/* The letter that a sign commonly stands for ("p@ssw0rd"), or c itself. */
static uint8_t plain_letter(uint8_t c)
{
    static const char signs[] = "@4310$5!7";
    static const char letters[] = "aaelossit";
    const char *found = c == '\0' ? NULL : strchr(signs, c);
    return found == NULL ? c : (uint8_t)letters[found - signs];
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || c >= 0x80;
}

/* True when what is left of word between digits and signs is a common one. */
static bool is_common_word(const struct lowered *password)
{
    size_t from = 0;
    size_t to = password->n;
    while (from < to && !is_letter(password->b[from]))
        from++;
    while (to > from && !is_letter(password->b[to - 1]))
        to--;
    uint8_t plain[POLICY_PASSWORD_MAX_BYTES];
    for (size_t i = from; i < to; i++)
        plain[i - from] = plain_letter(password->b[i]);
    bool common = to == from; /* digits and signs only */
    for (size_t i = 0; i < sizeof common_words / sizeof common_words[0] && !common; i++)
        common = bytes_equal_str(bytes_of(plain, to - from), common_words[i]);
    mem_cleanse(plain, sizeof plain);
    return common;
}

static bool has_period(const struct lowered *password, size_t period)
{
    for (size_t i = period; i < password->n; i++) {
        if (password->b[i] != password->b[i - period])
            return false;
    }
    return true;
}

/* "abcdefghij", "9876543210": every step is the same, one up or one down. */
static bool is_run(const struct lowered *password)
{
    int step = password->b[1] - password->b[0];
    if (step != 1 && step != -1)
        return false;
    for (size_t i = 2; i < password->n; i++) {
        int this_step = password->b[i] - password->b[i - 1];
        bool wraps = (password->b[i - 1] == '9' && password->b[i] == '0') ||
                     (password->b[i - 1] == '0' && password->b[i] == '9');
        if (this_step != step && !wraps)
            return false;
    }
    return true;
}

static bool is_pattern(const struct lowered *password)
{
    for (size_t period = 1; period <= PERIOD_MAX; period++) {
        if (has_period(password, period))
            return true;
    }
    return is_run(password);
}

/* True when the password is name and little else. */
static bool is_like(const struct lowered *password, struct bytes name)
{
    if (name.n < NAME_MIN_BYTES || name.n > password->n ||
        password->n - name.n >= LIKE_MARGIN_BYTES)
        return false;
    for (size_t at = 0; at + name.n <= password->n; at++) {
        if (bytes_equal_nocase(bytes_of(password->b + at, name.n), name))
            return true;
    }
    return false;
}

static const char *find_weakness(const struct lowered *password, struct bytes username,
                                 struct bytes email)
{
    struct bytes local_part = bytes_slice(email, 0, bytes_find(email, '@', 0));
    if (is_like(password, username) || is_like(password, email) || is_like(password, local_part))
        return "The password is too much like the username or the e-mail address.";
    if (is_pattern(password))
        return "The password is a simple pattern.";
    if (is_common_word(password))
        return "The password is one that many people use, or digits only.";
    return NULL;
}

enum err policy_password(struct ctx *ctx, struct bytes password, struct bytes username,
                         struct bytes email)
{
    if (!bytes_is_utf8(password))
        return ctx_fail(ctx, ERR_WEAK_PASSWORD, "The password is not text in UTF-8.");
    size_t chars = count_chars(password);
    if (chars < POLICY_PASSWORD_MIN_CHARS)
        return ctx_fail(ctx, ERR_WEAK_PASSWORD, "The password has fewer than %u characters.",
                        POLICY_PASSWORD_MIN_CHARS);
    if (chars > POLICY_PASSWORD_MAX_CHARS)
        return ctx_fail(ctx, ERR_WEAK_PASSWORD, "The password has more than %u characters.",
                        POLICY_PASSWORD_MAX_CHARS);
    struct lowered lowered = {.n = password.n};
    for (size_t i = 0; i < password.n; i++)
        lowered.b[i] = ascii_lower(password.p[i]);
    const char *weakness = find_weakness(&lowered, username, email);
    mem_cleanse(&lowered, sizeof lowered);
    return weakness == NULL ? ERR_OK : ctx_fail(ctx, ERR_WEAK_PASSWORD, "%s", weakness);
}
