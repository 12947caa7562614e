#include "ports/throttle.h"

#include "base/digest.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define MS_PER_S INT64_C(1000)
#define FIRST_WAIT_MS (30 * MS_PER_S)
#define MAX_WAIT_MS (900 * MS_PER_S)
/* Ten wrong passwords are a person with a bad day. An address may be an office, an account may be
 * attacked to lock its owner out: so those two bear more. */
#define FREE_GUESSES 10
#define FREE_ACCOUNT 100
#define FREE_ADDRESS 200
#define FREE_MAILS 5
#define FREE_MAILS_ADDRESS 200
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

struct throttle throttle_of_guess(struct bytes account, const char *address)
{
    return make("guess:", account, address, FREE_GUESSES);
}

struct throttle throttle_of_account(struct bytes account)
{
    return make("account:", account, NULL, FREE_ACCOUNT);
}

struct throttle throttle_of_address(const char *address)
{
    return make("address:", (struct bytes){0}, address, FREE_ADDRESS);
}

struct throttle throttle_of_totp(struct bytes account)
{
    return make("totp:", account, NULL, FREE_GUESSES);
}

struct throttle throttle_of_mail(struct bytes login)
{
    struct throttle throttle = make("mail:", login, NULL, FREE_MAILS);
    throttle.hourly = true;
    return throttle;
}

struct throttle throttle_of_mail_address(const char *address)
{
    struct throttle throttle =
        make("mail-address:", (struct bytes){0}, address, FREE_MAILS_ADDRESS);
    throttle.hourly = true;
    return throttle;
}

void throttle_age(struct throttle_count *count, int64_t now_unix_ms)
{
    int64_t age_ms = now_unix_ms - count->since_unix_ms;
    /* Counted by a clock that was far ahead: nobody must be barred until it gets there. */
    if (age_ms <= -THROTTLE_FORGET_MS)
        *count = (struct throttle_count){0};
    else if (age_ms >= THROTTLE_FORGET_MS)
        count->failures = 0;
}

int64_t throttle_wait_s(const struct throttle_count *count, int64_t now_unix_ms)
{
    if (count->until_unix_ms <= now_unix_ms)
        return 0;
    return (count->until_unix_ms - now_unix_ms + MS_PER_S - 1) / MS_PER_S;
}

/* From failure number free_failures on, each waits twice as long as the one before. */
static int64_t doubled_wait_ms(const struct throttle *throttle, int64_t failures)
{
    int64_t wait_ms = FIRST_WAIT_MS;
    for (int64_t i = throttle->free_failures; i < failures && wait_ms < MAX_WAIT_MS; i++)
        wait_ms *= 2;
    return wait_ms < MAX_WAIT_MS ? wait_ms : MAX_WAIT_MS;
}

void throttle_add(const struct throttle *throttle, struct throttle_count *count,
                  int64_t now_unix_ms)
{
    count->failures++;
    if (count->failures == 1 || !throttle->hourly)
        count->since_unix_ms = now_unix_ms;
    /* Not the present: a request that began a little earlier would be barred by it. */
    count->until_unix_ms = 0;
    if (count->failures >= throttle->free_failures)
        count->until_unix_ms = throttle->hourly
                                   ? count->since_unix_ms + THROTTLE_FORGET_MS
                                   : now_unix_ms + doubled_wait_ms(throttle, count->failures);
}
