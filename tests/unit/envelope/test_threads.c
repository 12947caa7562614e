/* Threads that seal and open letters at once share the fetched algorithms and nothing else. Means
 * most in a TSan build. */
#include "cmocka_all.h"

#include "base/threads.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/opener.h"
#include "envelope/sealer.h"

#define THREADS 4u
#define LETTERS 50u
#define MAX_MESSAGE 4096u

struct worker {
    struct thread thread;
    struct ecdh_key own;
    size_t opened;
};

static void seal(const struct ecdh_public *recipient, struct bytes text, struct buffer *out)
{
    struct secret data_key;
    struct keyring_ecdh_edk wrapped;
    struct sealer sealer;
    secret_random(&data_key);
    keyring_ecdh_wrap_ephemeral(recipient, (struct bytes){0}, &data_key, &wrapped);
    struct edk edk = keyring_ecdh_edk_view(&wrapped);
    struct sealer_message message = {.edks = &edk, .edk_count = 1, .frame_length = 128};
    if (sealer_init(&sealer, &message, &data_key, out) != ERR_OK ||
        sealer_finish(&sealer, text, out) != ERR_OK)
        buffer_clear(out);
    sealer_fini(&sealer);
}

static bool open_sealed(const struct ecdh_key *key, struct bytes sealed, struct bytes text)
{
    struct header header;
    struct secret data_key;
    struct opener opener = {0};
    struct buffer out;
    buffer_init(&out, MAX_MESSAGE);
    bool ok =
        header_parse(sealed, &header, NULL) == ERR_OK &&
        keyring_ecdh_unwrap_with_key(&header, key, &data_key, NULL, NULL) == ERR_OK &&
        opener_init(&opener, &header, &data_key, NULL) == ERR_OK &&
        opener_push(&opener, bytes_slice(sealed, header.length, SIZE_MAX), &out, NULL) == ERR_OK &&
        opener_finish(&opener, NULL) == ERR_OK && bytes_equal(buffer_bytes(&out), text);
    opener_fini(&opener);
    buffer_fini(&out);
    return ok;
}

static void work(void *arg)
{
    struct worker *w = arg;
    uint8_t text[300] = {0};
    struct buffer sealed;
    buffer_init(&sealed, MAX_MESSAGE);
    ecdh_key_generate(&w->own);
    for (size_t i = 0; i < LETTERS; i++) {
        buffer_clear(&sealed);
        text[0] = (uint8_t)i;
        seal(&w->own.public, bytes_of(text, sizeof text), &sealed);
        if (open_sealed(&w->own, buffer_bytes(&sealed), bytes_of(text, sizeof text)))
            w->opened++;
    }
    ecdh_key_fini(&w->own);
    buffer_fini(&sealed);
}

static void seals_and_opens_at_once(void **state)
{
    (void)state;
    struct worker workers[THREADS] = {0};
    for (size_t i = 0; i < THREADS; i++)
        thread_start(&workers[i].thread, "worker", work, &workers[i]);
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(&workers[i].thread);
        assert_int_equal(workers[i].opened, LETTERS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seals_and_opens_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
