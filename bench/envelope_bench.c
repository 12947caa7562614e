/* Speed of the envelope room against the bare cryptography that it cannot do without, measured in
 * the same run: envelope_bench [SECONDS per measurement, default 0.5]. */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "envelope/algorithms.h"
#include "envelope/encryption_context.h"
#include "envelope/frames.h"
#include "envelope/gcm.h"
#include "envelope/hmac.h"
#include "envelope/keyring_ecdh.h"
#include "envelope/opener.h"
#include "envelope/sealer.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES ((size_t)65536)
#define CHUNK_BYTES (4 * FRAME_BYTES)
#define STREAM_BYTES ((size_t)64 << 20)
#define LETTER_BYTES ((size_t)1024)
#define NS_PER_US 1000.0
#define NS_PER_S 1e9

/* Everything the measured functions work on. */
struct bench {
    struct ecdh_key alice;
    struct ecdh_key bob;
    struct secret z;
    struct secret data_key;
    struct buffer aad;
    struct buffer static_letter;
    struct buffer ephemeral_letter;
    struct buffer header; /* of the stream below; the two are stored apart */
    struct buffer frames;
    struct buffer out;
    struct gcm gcm;
    uint8_t *chunk;
};

static int64_t measure_ns = 500000000;

/* Seconds per call: the best of five rounds, so that other work on the machine counts least. */
static double seconds_per_call(void (*body)(struct bench *), struct bench *b)
{
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        int64_t start = clock_mono_ns();
        int64_t now;
        unsigned calls = 0;
        do {
            body(b);
            calls++;
            now = clock_mono_ns();
        } while (now - start < measure_ns / 5);
        double each = (double)(now - start) / NS_PER_S / calls;
        best = each < best ? each : best;
    }
    return best;
}

static void require(enum err e)
{
    if (e != ERR_OK) {
        (void)fprintf(stderr, "failed: %s\n", err_code(e));
        exit(1);
    }
}

/* --- streams --- */

static void gcm_floor(struct bench *b)
{
    uint8_t iv[GCM_IV_BYTES] = {0};
    uint8_t tag[GCM_TAG_BYTES];
    for (uint32_t i = 0; i < STREAM_BYTES / FRAME_BYTES; i++) {
        memcpy(iv, &i, sizeof i);
        gcm_start(&b->gcm, iv);
        gcm_update(&b->gcm, bytes_of(b->chunk + i % 4 * FRAME_BYTES, FRAME_BYTES),
                   b->out.p + i % 4 * FRAME_BYTES);
        gcm_tag(&b->gcm, tag);
    }
}

/* The frames of the stream as they lie in memory: unlike the chunk that is sealed over and over,
 * they do not fit into a cache. */
static void gcm_open_floor(struct bench *b)
{
    struct gcm gcm;
    uint8_t iv[GCM_IV_BYTES] = {0};
    gcm_init(&gcm, GCM_OPEN, &b->z);
    for (uint32_t i = 0; i < STREAM_BYTES / FRAME_BYTES; i++) {
        const uint8_t *frame = b->frames.p + FRAMES_REGULAR_PREFIX_BYTES +
                               (size_t)i * (FRAME_BYTES + FRAME_REGULAR_OVERHEAD);
        memcpy(iv, &i, sizeof i);
        gcm_start(&gcm, iv);
        gcm_update(&gcm, bytes_of(frame, FRAME_BYTES), b->out.p + i % 4 * FRAME_BYTES);
        (void)!gcm_check(&gcm, frame + FRAME_BYTES);
    }
    gcm_fini(&gcm);
}

static struct sealer_message message_of(const struct bench *b, const struct edk *edk)
{
    return (struct sealer_message){buffer_bytes(&b->aad), edk, 1, FRAME_BYTES};
}

/* Seals a stream in chunks; keeps its frames in *keep, or nothing when that is NULL. */
static void seal_chunks(struct bench *b, size_t chunk, struct buffer *keep)
{
    struct keyring_ecdh_edk wrapped;
    keyring_ecdh_wrap(&b->z, &b->alice.public.point, &b->bob.public.point, buffer_bytes(&b->aad),
                      &b->data_key, &wrapped);
    struct edk edk = keyring_ecdh_edk_view(&wrapped);
    struct sealer_message message = message_of(b, &edk);
    struct buffer *out = keep == NULL ? &b->out : keep;
    struct sealer sealer;
    buffer_clear(out);
    buffer_clear(&b->header);
    require(sealer_init(&sealer, &message, &b->data_key, &b->header));
    for (size_t at = 0; at < STREAM_BYTES; at += chunk) {
        if (keep == NULL)
            buffer_clear(out);
        require(sealer_push(&sealer, bytes_of(b->chunk, chunk), out));
    }
    require(sealer_finish(&sealer, (struct bytes){0}, out));
    sealer_fini(&sealer);
}

static void seal_stream(struct bench *b)
{
    seal_chunks(b, CHUNK_BYTES, NULL);
}

static void seal_stream_by_frames(struct bench *b)
{
    seal_chunks(b, FRAME_BYTES, NULL);
}

static void open_chunks(struct bench *b, size_t chunk)
{
    struct header header;
    struct opener opener;
    require(header_parse(buffer_bytes(&b->header), &header, NULL));
    require(opener_init(&opener, &header, &b->data_key, NULL));
    for (size_t at = 0; at < b->frames.n; at += chunk) {
        buffer_clear(&b->out);
        struct bytes part = bytes_slice(buffer_bytes(&b->frames), at, chunk);
        require(opener_push(&opener, part, &b->out, NULL));
    }
    require(opener_finish(&opener, NULL));
    opener_fini(&opener);
}

static void open_stream(struct bench *b)
{
    open_chunks(b, CHUNK_BYTES);
}

static void open_stream_by_frames(struct bench *b)
{
    open_chunks(b, 4 * (FRAME_BYTES + FRAME_REGULAR_OVERHEAD));
}

/* --- letters of 1 KiB --- */

static void seal_letter(struct bench *b, const struct keyring_ecdh_edk *wrapped, struct buffer *out)
{
    struct edk edk = keyring_ecdh_edk_view(wrapped);
    struct sealer_message message = message_of(b, &edk);
    struct sealer sealer;
    buffer_clear(out);
    require(sealer_init(&sealer, &message, &b->data_key, out));
    require(sealer_finish(&sealer, bytes_of(b->chunk, LETTER_BYTES), out));
    sealer_fini(&sealer);
}

static void seal_static(struct bench *b)
{
    struct keyring_ecdh_edk wrapped;
    secret_random(&b->data_key);
    keyring_ecdh_wrap(&b->z, &b->alice.public.point, &b->bob.public.point, buffer_bytes(&b->aad),
                      &b->data_key, &wrapped);
    seal_letter(b, &wrapped, &b->static_letter);
}

static void seal_ephemeral(struct bench *b)
{
    struct keyring_ecdh_edk wrapped;
    secret_random(&b->data_key);
    keyring_ecdh_wrap_ephemeral(&b->bob.public, buffer_bytes(&b->aad), &b->data_key, &wrapped);
    seal_letter(b, &wrapped, &b->ephemeral_letter);
}

static enum err cached_z(void *arg, size_t index, const struct ecdh_point *peer, struct secret *z)
{
    (void)index;
    (void)peer;
    const struct bench *b = arg;
    *z = b->z;
    return ERR_OK;
}

static void open_letter(struct bench *b, const struct header *header, const struct secret *data_key,
                        const struct buffer *letter)
{
    struct opener opener;
    buffer_clear(&b->out);
    require(opener_init(&opener, header, data_key, NULL));
    struct bytes frames = bytes_slice(buffer_bytes(letter), header->length, SIZE_MAX);
    require(opener_push(&opener, frames, &b->out, NULL));
    require(opener_finish(&opener, NULL));
    opener_fini(&opener);
}

static void open_static(struct bench *b)
{
    struct header header;
    struct secret data_key;
    struct keyring_ecdh_keys keys = {&b->bob.public.point, 1, cached_z, b};
    require(header_parse(buffer_bytes(&b->static_letter), &header, NULL));
    require(keyring_ecdh_unwrap(&header, &keys, &data_key, NULL, NULL));
    open_letter(b, &header, &data_key, &b->static_letter);
}

static void open_ephemeral(struct bench *b)
{
    struct header header;
    struct secret data_key;
    require(header_parse(buffer_bytes(&b->ephemeral_letter), &header, NULL));
    require(keyring_ecdh_unwrap_with_key(&header, &b->bob, &data_key, NULL, NULL));
    open_letter(b, &header, &data_key, &b->ephemeral_letter);
}

/* --- floors of a letter: the same cryptographic operations and nothing else --- */

/* Five HMACs, three AES keys with their IVs, one kibibyte of AES-GCM. */
static void symmetric_floor(struct bench *b)
{
    static const struct {
        bool sha512;
        size_t bytes;
    } macs[] = {{true, 32}, {true, 10}, {true, 12}, {false, 300}, {false, 300}};
    uint8_t iv[GCM_IV_BYTES] = {0};
    uint8_t tag[GCM_TAG_BYTES];
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    for (size_t i = 0; i < sizeof macs / sizeof macs[0]; i++) {
        const EVP_MD *algorithm =
            macs[i].sha512 ? algorithms_get()->sha512 : algorithms_get()->sha384;
        const size_t lengths[] = {HMAC_BLOCK_BYTES + macs[i].bytes, HMAC_BLOCK_BYTES + 64};
        for (size_t k = 0; k < 2; k++) {
            EVP_DigestInit_ex2(md, algorithm, NULL);
            EVP_DigestUpdate(md, b->chunk, lengths[k]);
            EVP_DigestFinal_ex(md, digest, NULL);
        }
    }
    EVP_MD_CTX_free(md);
    const size_t texts[] = {SECRET_BYTES, 0, LETTER_BYTES};
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int n = 0;
        EVP_EncryptInit_ex2(cipher, i < 2 ? algorithms_get()->aes_256_gcm : NULL,
                            i < 2 ? b->z.b : NULL, iv, NULL);
        EVP_EncryptUpdate(cipher, NULL, &n, b->chunk, 400);
        EVP_EncryptUpdate(cipher, b->out.p, &n, b->chunk, (int)texts[i]);
        EVP_EncryptFinal_ex(cipher, b->out.p, &n);
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag);
    }
    EVP_CIPHER_CTX_free(cipher);
}

static void sealing_floor(struct bench *b)
{
    uint8_t drawn[32];
    random_private_bytes(drawn, sizeof drawn); /* data key */
    random_bytes(drawn, sizeof drawn);         /* message id */
    random_bytes(drawn, sizeof drawn);         /* nonce */
    symmetric_floor(b);
}

static void ephemeral_floor(struct bench *b)
{
    struct ecdh_key key;
    struct secret z;
    ecdh_key_generate(&key);
    ecdh_key_agree(&key, &b->bob.public, &z);
    sealing_floor(b);
}

static void agreement_floor(struct bench *b)
{
    struct secret z;
    require(keyring_ecdh_agree(&b->bob, &b->alice.public.point, &z));
    symmetric_floor(b);
}

/* For comparison: the agreement as EVP_PKEY does it, keys already decoded. */
static void evp_agreement(struct bench *b)
{
    (void)b;
    static EVP_PKEY *own;
    static EVP_PKEY *peer;
    if (own == NULL) {
        own = EVP_EC_gen("P-256");
        peer = EVP_EC_gen("P-256");
    }
    uint8_t z[SECRET_BYTES];
    size_t n = sizeof z;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    EVP_PKEY_derive_init(ctx);
    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0);
    EVP_PKEY_derive(ctx, z, &n);
    EVP_PKEY_CTX_free(ctx);
}

static void our_agreement(struct bench *b)
{
    struct secret z;
    ecdh_key_agree(&b->bob, &b->alice.public, &z);
}

static void report_stream(struct bench *b, const char *name, void (*body)(struct bench *),
                          double floor_s)
{
    double s = seconds_per_call(body, b);
    printf("%-34s %8.2f GB/s   %5.1f %% of the floor\n", name, STREAM_BYTES / s / 1e9,
           100 * floor_s / s);
}

static void report_letter(struct bench *b, const char *name, void (*body)(struct bench *),
                          void (*floor)(struct bench *))
{
    double us = seconds_per_call(body, b) * NS_PER_S / NS_PER_US;
    double floor_us = seconds_per_call(floor, b) * NS_PER_S / NS_PER_US;
    printf("%-34s %8.2f us     floor %6.2f us, ratio %.2f\n", name, us, floor_us, us / floor_us);
}

static void init(struct bench *b)
{
    struct encryption_context context = {0};
    const struct bytes id = BYTES_LIT("0193a0f2-0000-7000-8000-000000000001");
    require(encryption_context_add(&context, BYTES_LIT("message"), id));
    require(encryption_context_add(&context, BYTES_LIT("recipient"), id));
    require(encryption_context_add(&context, BYTES_LIT("sender"), id));
    ecdh_key_generate(&b->alice);
    ecdh_key_generate(&b->bob);
    ecdh_key_agree(&b->alice, &b->bob.public, &b->z);
    secret_random(&b->data_key);
    buffer_init(&b->aad, ENCRYPTION_CONTEXT_MAX_BYTES);
    buffer_init(&b->static_letter, CHUNK_BYTES);
    buffer_init(&b->ephemeral_letter, CHUNK_BYTES);
    buffer_init(&b->header, CHUNK_BYTES);
    buffer_init(&b->frames, 2 * STREAM_BYTES);
    buffer_init(&b->out, 2 * CHUNK_BYTES);
    (void)buffer_reserve(&b->out, CHUNK_BYTES + CHUNK_BYTES / 2);
    encryption_context_write(&context, &b->aad);
    gcm_init(&b->gcm, GCM_SEAL, &b->z);
    b->chunk = mem_alloc(CHUNK_BYTES);
    random_bytes(b->chunk, CHUNK_BYTES);
}

static void fini(struct bench *b)
{
    gcm_fini(&b->gcm);
    buffer_fini(&b->aad);
    buffer_fini(&b->static_letter);
    buffer_fini(&b->ephemeral_letter);
    buffer_fini(&b->header);
    buffer_fini(&b->frames);
    buffer_fini(&b->out);
    mem_free(b->chunk);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        measure_ns = (int64_t)(strtod(argv[1], NULL) * NS_PER_S);
    static struct bench b;
    init(&b);
    double floor_s = seconds_per_call(gcm_floor, &b);
    printf("streams of 64 MiB in frames of 64 KiB\n");
    printf("%-34s %8.2f GB/s\n", "AES-256-GCM alone", STREAM_BYTES / floor_s / 1e9);
    report_stream(&b, "seal, pushes of 256 KiB", seal_stream, floor_s);
    report_stream(&b, "seal, pushes of 64 KiB", seal_stream_by_frames, floor_s);
    seal_chunks(&b, CHUNK_BYTES, &b.frames);
    floor_s = seconds_per_call(gcm_open_floor, &b);
    printf("%-34s %8.2f GB/s\n", "AES-256-GCM alone, from memory", STREAM_BYTES / floor_s / 1e9);
    report_stream(&b, "open, pushes of 256 KiB", open_stream, floor_s);
    report_stream(&b, "open, pushes of 4 frames", open_stream_by_frames, floor_s);
    printf("letters of 1 KiB\n");
    report_letter(&b, "seal, static-static, Z cached", seal_static, sealing_floor);
    report_letter(&b, "open, static-static, Z cached", open_static, symmetric_floor);
    report_letter(&b, "seal, ephemeral", seal_ephemeral, ephemeral_floor);
    report_letter(&b, "open, ephemeral", open_ephemeral, agreement_floor);
    report_letter(&b, "agreement (floor: EVP_PKEY_derive)", our_agreement, evp_agreement);
    fini(&b);
    return 0;
}
