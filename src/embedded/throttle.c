#include "embedded/throttle.h"

#include "base/digest.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define MS_PER_S INT64_C(1000)
#define THROTTLE_FIRST_WAIT_MS (30 * MS_PER_S)
#define THROTTLE_MAX_WAIT_MS (900 * MS_PER_S)
#define THROTTLE_FORGET_MS (3600 * MS_PER_S)
/* Ten wrong passwords are a person with a bad day. An address may be an office, an account may be
 * attacked to lock its owner out: so those two bear more. */
#define THROTTLE_FREE_GUESSES 10
#define THROTTLE_FREE_ACCOUNT 100
#define THROTTLE_FREE_ADDRESS 200
#define THROTTLE_FREE_MAILS 5
#define THROTTLE_FREE_MAILS_ADDRESS 200
#define IPV6_PREFIX_BYTES 8

/* The address as throttles see it. */
static void cut_address(const char *address, char out[INET6_ADDRSTRLEN])
{
    struct in6_addr ipv6;
    out[0] = '\0';
    if (address == NULL)
        return;
    if (inet_pton(AF_INET6, address, &ipv6) != 1 || IN6_IS_ADDR_V4MAPPED(&ipv6)) {
        (void)snprintf(out, INET6_ADDRSTRLEN, "%s", address);
        return;
    }
    memset(ipv6.s6_addr + IPV6_PREFIX_BYTES, 0, sizeof ipv6.s6_addr - IPV6_PREFIX_BYTES);
    (void)inet_ntop(AF_INET6, &ipv6, out, INET6_ADDRSTRLEN);
}

/* SHA-256 over kind, SHA-256 of the value, and the address. */
static struct throttle make(const char *kind, struct bytes value, const char *address,
                            int64_t free_failures)
{
    uint8_t text[THROTTLE_KEY_BYTES + 96];
    char cut[INET6_ADDRSTRLEN];
    cut_address(address, cut);
    digest_sha256(value, text);
    int n = snprintf((char *)text + THROTTLE_KEY_BYTES, sizeof text - THROTTLE_KEY_BYTES, "%s%s",
                     kind, cut);
    size_t used =
        (size_t)n < sizeof text - THROTTLE_KEY_BYTES ? THROTTLE_KEY_BYTES + (size_t)n : sizeof text;
    struct throttle throttle = {.free_failures = free_failures};
    digest_sha256(bytes_of(text, used), throttle.key);
    return throttle;
}

struct throttle throttle_of_guess(const struct uuid *account_id, const char *address)
{
    return make("guess:", uuid_bytes(account_id), address, THROTTLE_FREE_GUESSES);
}

struct throttle throttle_of_account(const struct uuid *account_id)
{
    return make("account:", uuid_bytes(account_id), NULL, THROTTLE_FREE_ACCOUNT);
}

struct throttle throttle_of_address(const char *address)
{
    return make("address:", (struct bytes){0}, address, THROTTLE_FREE_ADDRESS);
}

struct throttle throttle_of_mail(struct bytes login)
{
    struct throttle throttle = make("mail:", login, NULL, THROTTLE_FREE_MAILS);
    throttle.hourly = true;
    return throttle;
}

struct throttle throttle_of_mail_address(const char *address)
{
    struct throttle throttle =
        make("mail-address:", (struct bytes){0}, address, THROTTLE_FREE_MAILS_ADDRESS);
    throttle.hourly = true;
    return throttle;
}

struct count {
    int64_t failures;
    int64_t since_ms; /* the last failure; hourly: the first */
    int64_t until_ms;
};

static enum err read_count(struct store_db *db, const struct throttle *throttle,
                           int64_t now_unix_ms, struct count *out)
{
    *out = (struct count){0};
    sqlite3_stmt *s = store_statement(db, SQL_THROTTLE_GET);
    store_bind_bytes(s, 1, bytes_of(throttle->key, sizeof throttle->key));
    bool row;
    enum err e = store_step(db, s, &row);
    if (e != ERR_OK || !row)
        return e;
    struct count stored = {.failures = store_column_int(s, 0),
                           .since_ms = store_column_int(s, 1),
                           .until_ms = store_column_int(s, 2)};
    (void)sqlite3_reset(s);
    int64_t age_ms = now_unix_ms - stored.since_ms;
    /* Counted by a clock that was far ahead: nobody must be barred until it gets there. */
    if (age_ms <= -THROTTLE_FORGET_MS)
        return ERR_OK;
    *out = stored;
    if (age_ms >= THROTTLE_FORGET_MS)
        out->failures = 0;
    return ERR_OK;
}

enum err throttle_check(struct store_db *db, const struct throttle *throttle, int64_t now_unix_ms,
                        int64_t *wait_s)
{
    struct count count;
    enum err e = read_count(db, throttle, now_unix_ms, &count);
    if (e != ERR_OK || count.until_ms <= now_unix_ms)
        return e;
    *wait_s = (count.until_ms - now_unix_ms + MS_PER_S - 1) / MS_PER_S;
    return ERR_RATE_LIMITED;
}

/* From failure number free_failures on, each waits twice as long as the one before. */
static int64_t doubled_wait_ms(const struct throttle *throttle, int64_t failures)
{
    int64_t wait_ms = THROTTLE_FIRST_WAIT_MS;
    for (int64_t i = throttle->free_failures; i < failures && wait_ms < THROTTLE_MAX_WAIT_MS; i++)
        wait_ms *= 2;
    return wait_ms < THROTTLE_MAX_WAIT_MS ? wait_ms : THROTTLE_MAX_WAIT_MS;
}

enum err throttle_count(struct store_db *db, const struct throttle *throttle, int64_t now_unix_ms)
{
    struct count count;
    enum err e = read_count(db, throttle, now_unix_ms, &count);
    if (e != ERR_OK)
        return e;
    count.failures++;
    if (count.failures == 1 || !throttle->hourly)
        count.since_ms = now_unix_ms;
    count.until_ms = now_unix_ms;
    if (count.failures >= throttle->free_failures)
        count.until_ms = throttle->hourly ? count.since_ms + THROTTLE_FORGET_MS
                                          : now_unix_ms + doubled_wait_ms(throttle, count.failures);
    sqlite3_stmt *s = store_statement(db, SQL_THROTTLE_PUT);
    store_bind_bytes(s, 1, bytes_of(throttle->key, sizeof throttle->key));
    store_bind_int(s, 2, count.failures);
    store_bind_int(s, 3, count.since_ms);
    store_bind_int(s, 4, count.until_ms);
    return store_run(db, s);
}

enum err throttle_clear(struct store_db *db, const struct throttle *throttle)
{
    sqlite3_stmt *s = store_statement(db, SQL_THROTTLE_DROP);
    store_bind_bytes(s, 1, bytes_of(throttle->key, sizeof throttle->key));
    return store_run(db, s);
}

enum err throttle_sweep(struct store_db *db, int64_t now_unix_ms)
{
    sqlite3_stmt *s = store_statement(db, SQL_THROTTLES_OLD);
    store_bind_int(s, 1, now_unix_ms - THROTTLE_FORGET_MS);
    store_bind_int(s, 2, now_unix_ms);
    store_bind_int(s, 3, now_unix_ms + THROTTLE_FORGET_MS);
    return store_run(db, s);
}
