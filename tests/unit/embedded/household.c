#include "household.h"

#include "base/clock.h"
#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TIMEOUT_MS 60000

static const struct household_maker *the_maker;

void household_use(const struct household_maker *maker)
{
    the_maker = maker;
}

const struct household_traits *household_traits(void)
{
    return &the_maker->traits;
}

int household_open(void **state)
{
    struct household *h = mem_alloc(sizeof *h);
    h->maker = the_maker;
    h->made = h->maker->make(&h->identity, &h->keys);
    h->verifier = token_verifier_create(&h->identity);
    ctx_init(&h->ctx, &h->arena, TIMEOUT_MS);
    h->start_unix_ms = h->ctx.now_unix_ms;
    *state = h;
    return 0;
}

int household_close(void **state)
{
    struct household *h = *state;
    token_verifier_destroy(h->verifier);
    h->maker->unmake(h->made);
    arena_fini(&h->arena);
    actor_fini(&h->actor);
    mem_free(h);
    return 0;
}

void household_restart(struct household *h)
{
    h->maker->restart(h->made, &h->identity, &h->keys);
    token_verifier_destroy(h->verifier);
    h->verifier = token_verifier_create(&h->identity);
}

void household_at(struct household *h, int64_t after_start_ms)
{
    h->ctx.now_unix_ms = h->start_unix_ms + after_start_ms;
}

const char *household_email(struct household *h, const char *name)
{
    return arena_printf(&h->arena, "%s@example.org", name);
}

enum err household_sign_up(struct household *h, const char *name, struct uuid *id)
{
    const struct identity_sign_up in = {
        .username = bytes_of_str(name),
        .email = bytes_of_str(household_email(h, name)),
        .password = BYTES_LIT(HOUSEHOLD_PASSWORD),
    };
    struct identity_delivery delivery;
    return h->identity.sign_up(h->identity.self, &h->ctx, &in, id, &delivery);
}

struct uuid household_add(struct household *h, const char *name)
{
    struct uuid id;
    struct uuid confirmed;
    struct key_description key;
    char code[HOUSEHOLD_CODE_BYTES];
    assert_int_equal(household_sign_up(h, name, &id), ERR_OK);
    h->maker->take_mail(h->made, household_email(h, name), HOUSEHOLD_CONFIRM, code);
    assert_int_equal(h->identity.confirm(h->identity.self, &h->ctx, bytes_of_str(name),
                                         bytes_of_str(code), &confirmed),
                     ERR_OK);
    assert_true(uuid_equal(&id, &confirmed));
    assert_int_equal(h->keys.provision(h->keys.self, &h->ctx, &id, &key), ERR_OK);
    return id;
}

void household_reset_code(struct household *h, const char *name, char code[HOUSEHOLD_CODE_BYTES])
{
    assert_int_equal(h->identity.forgot_password(h->identity.self, &h->ctx, bytes_of_str(name)),
                     ERR_OK);
    h->maker->take_mail(h->made, household_email(h, name), HOUSEHOLD_RESET, code);
}

void household_assert_no_code(enum err e)
{
    if (e != ERR_CODE_EXPIRED || the_maker->traits.own_codes)
        assert_int_equal(e, ERR_CODE_MISMATCH);
}

enum err household_sign_in(struct household *h, const char *login, const char *password,
                           struct identity_grant *grant)
{
    return household_sign_in_totp(h, login, password, "", grant);
}

enum err household_sign_in_totp(struct household *h, const char *login, const char *password,
                                const char *code, struct identity_grant *grant)
{
    const struct identity_credential credential = {.password = bytes_of_str(password),
                                                   .totp = bytes_of_str(code)};
    return h->identity.sign_in(h->identity.self, &h->ctx, bytes_of_str(login), &credential,
                               BYTES_LIT("a test"), grant);
}

static size_t read_base32(const char *text, uint8_t *out, size_t max)
{
    size_t n = 0;
    uint32_t bits = 0;
    for (unsigned held = 0; *text != '\0'; text++) {
        uint32_t digit = (uint32_t)(*text >= '2' && *text <= '7' ? *text - '2' + 26 : *text - 'A');
        assert_true(digit < 32);
        bits = (bits << 5 | digit) & 0xfff;
        held += 5;
        if (held < 8)
            continue;
        held -= 8;
        assert_true(n < max);
        out[n++] = (uint8_t)(bits >> held);
    }
    return n;
}

void household_totp_code(struct household *h, const char *secret, int steps,
                         char code[HOUSEHOLD_CODE_BYTES])
{
    uint8_t key[64];
    uint8_t counter[8];
    uint8_t hash[20];
    int64_t now_ms = the_maker->traits.own_codes ? h->ctx.now_unix_ms : clock_unix_ms();
    uint64_t step = (uint64_t)(now_ms / 30000 + steps);
    size_t n = read_base32(secret, key, sizeof key);
    for (int i = 7; i >= 0; i--, step >>= 8)
        counter[i] = (uint8_t)step;
    assert_non_null(HMAC(EVP_sha1(), key, (int)n, counter, sizeof counter, hash, NULL));
    const uint8_t *at = hash + hash[19] % 16;
    uint32_t number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | at[i];
    (void)snprintf(code, HOUSEHOLD_CODE_BYTES, "%06u", (number & 0x7fffffff) % 1000000);
}

const char *household_totp_on(struct household *h)
{
    const char *secret = NULL;
    char code[HOUSEHOLD_CODE_BYTES];
    struct identity_credential proof = {.password = BYTES_LIT(HOUSEHOLD_PASSWORD)};
    assert_int_equal(h->identity.totp_begin(h->identity.self, &h->ctx, &proof, &secret), ERR_OK);
    household_totp_code(h, secret, 0, code);
    proof.totp = bytes_of_str(code);
    assert_int_equal(h->identity.totp_confirm(h->identity.self, &h->ctx, &proof), ERR_OK);
    return secret;
}

void household_act(struct household *h, struct bytes token)
{
    assert_int_equal(token_verify(h->verifier, &h->ctx, token, &h->actor), ERR_OK);
    h->ctx.actor = &h->actor;
}

struct identity_grant household_enter(struct household *h, const char *name)
{
    struct identity_grant grant;
    assert_int_equal(household_sign_in(h, name, HOUSEHOLD_PASSWORD, &grant), ERR_OK);
    household_act(h, grant.id_token);
    return grant;
}
