#include "envelope/keyring_ecdh.h"

#include "envelope/algorithms.h"
#include "envelope/fixed_inputs.h"
#include "envelope/gcm.h"
#include "envelope/hmac.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "base/random.h"

#include <assert.h>
#include <string.h>

#define PROVIDER "raw-ecdh"
#define INFO_VERSION 1u
#define COMMITMENT_AT KEYRING_ECDH_NONCE_BYTES
#define WRAPPED_KEY_AT (COMMITMENT_AT + 32u)
#define TAG_AT (WRAPPED_KEY_AT + SECRET_BYTES)
/* The fixed info up to the serialised context, which follows it. */
#define FIXED_INFO_BYTES (sizeof fixed_info_prefix + 2 * sizeof(struct ecdh_point) + 3)

/* Three NUL-terminated strings; the last NUL is the literal's own. */
static const char fixed_info_prefix[] = "ecdh-key-derivation\0p256\0HMAC_SHA384";

_Static_assert(FIXED_INFO_BYTES == 106, "section 5, step 4");
_Static_assert(TAG_AT + GCM_TAG_BYTES == KEYRING_ECDH_CIPHERTEXT_BYTES, "section 5");

static const uint8_t zero_iv[GCM_IV_BYTES];

/* What binds a wrapped key to its parties and its context: the label of the key derivation and the
 * associated data of the wrapping. */
struct fixed_info {
    uint8_t start[FIXED_INFO_BYTES];
    struct bytes aad; /* borrowed */
};

/* The output of the key derivation: what is compared, then what wraps. */
struct wrapping_keys {
    uint8_t commitment[32];
    struct secret wrapping;
};

static void fixed_info_init(struct fixed_info *fi, const struct ecdh_point *sender,
                            const struct ecdh_point *recipient, struct bytes aad)
{
    uint8_t *p = fi->start;
    memcpy(p, fixed_info_prefix, sizeof fixed_info_prefix);
    p += sizeof fixed_info_prefix;
    memcpy(p, sender->b, ECDH_POINT_BYTES);
    p += ECDH_POINT_BYTES;
    memcpy(p, recipient->b, ECDH_POINT_BYTES);
    p += ECDH_POINT_BYTES;
    memcpy(p, "\x00\x01\x00", 3);
    fi->aad = aad;
}

/* SP 800-108 in counter mode with HMAC-SHA-384: 512 bits in two blocks (section 5, step 5). */
static void derive(const struct secret *z, const struct fixed_info *fi,
                   const uint8_t nonce[KEYRING_ECDH_NONCE_BYTES], struct wrapping_keys *out)
{
    static const uint8_t separator = 0;
    static const uint8_t output_bits[4] = {0, 0, 2, 0};
    uint8_t counter[4] = {0};
    const struct bytes parts[] = {
        bytes_of(counter, sizeof counter),
        bytes_of(fi->start, sizeof fi->start),
        fi->aad,
        bytes_of(&separator, 1),
        bytes_of(nonce, KEYRING_ECDH_NONCE_BYTES),
        bytes_of(output_bits, sizeof output_bits),
    };
    uint8_t blocks[2][48];
    struct hmac hmac;
    hmac_init(&hmac, algorithms_get()->sha384);
    hmac_set_key(&hmac, secret_bytes(z));
    for (uint8_t i = 0; i < 2; i++) {
        counter[3] = (uint8_t)(i + 1);
        hmac_compute(&hmac, parts, sizeof parts / sizeof parts[0], blocks[i]);
    }
    hmac_fini(&hmac);
    memcpy(out->commitment, blocks[0], 32);
    memcpy(out->wrapping.b, blocks[0] + 32, 16);
    memcpy(out->wrapping.b + 16, blocks[1], 16);
    mem_cleanse(blocks, sizeof blocks);
}

static void start_cipher(struct gcm *gcm, enum gcm_direction direction, const struct secret *key,
                         const struct fixed_info *fi)
{
    gcm_init(gcm, direction, key);
    gcm_start(gcm, zero_iv);
    gcm_aad(gcm, bytes_of(fi->start, sizeof fi->start));
    gcm_aad(gcm, fi->aad);
}

struct edk keyring_ecdh_edk_view(const struct keyring_ecdh_edk *e)
{
    return (struct edk){
        .provider = BYTES_LIT(PROVIDER),
        .info = bytes_of(e->info, sizeof e->info),
        .ciphertext = bytes_of(e->ciphertext, sizeof e->ciphertext),
    };
}

static void write_info(const struct ecdh_point *sender, const struct ecdh_point *recipient,
                       uint8_t info[KEYRING_ECDH_INFO_BYTES])
{
    static const uint8_t point_length[4] = {0, 0, 0, ECDH_POINT_BYTES};
    info[0] = INFO_VERSION;
    memcpy(info + 1, point_length, 4);
    memcpy(info + 5, recipient->b, ECDH_POINT_BYTES);
    memcpy(info + 38, point_length, 4);
    memcpy(info + 42, sender->b, ECDH_POINT_BYTES);
}

void keyring_ecdh_wrap_fixed(const struct secret *z, const struct ecdh_point *sender,
                             const struct ecdh_point *recipient, struct bytes aad,
                             const struct secret *data_key, struct keyring_ecdh_edk *out)
{
    write_info(sender, recipient, out->info);
    struct fixed_info fi;
    fixed_info_init(&fi, sender, recipient, aad);
    struct wrapping_keys keys;
    derive(z, &fi, out->ciphertext, &keys);
    memcpy(out->ciphertext + COMMITMENT_AT, keys.commitment, sizeof keys.commitment);
    struct gcm gcm;
    start_cipher(&gcm, GCM_SEAL, &keys.wrapping, &fi);
    gcm_update(&gcm, secret_bytes(data_key), out->ciphertext + WRAPPED_KEY_AT);
    gcm_tag(&gcm, out->ciphertext + TAG_AT);
    gcm_fini(&gcm);
    mem_cleanse(&keys, sizeof keys);
}

void keyring_ecdh_wrap(const struct secret *z, const struct ecdh_point *sender,
                       const struct ecdh_point *recipient, struct bytes aad,
                       const struct secret *data_key, struct keyring_ecdh_edk *out)
{
    random_bytes(out->ciphertext, KEYRING_ECDH_NONCE_BYTES);
    keyring_ecdh_wrap_fixed(z, sender, recipient, aad, data_key, out);
}

void keyring_ecdh_wrap_ephemeral(const struct ecdh_public *recipient, struct bytes aad,
                                 const struct secret *data_key, struct keyring_ecdh_edk *out)
{
    struct ecdh_key ephemeral;
    struct secret z;
    ecdh_key_generate(&ephemeral);
    ecdh_key_agree(&ephemeral, recipient, &z);
    keyring_ecdh_wrap(&z, &ephemeral.public.point, &recipient->point, aad, data_key, out);
    secret_fini(&z);
    ecdh_key_fini(&ephemeral);
}

enum err keyring_ecdh_agree(const struct ecdh_key *key, const struct ecdh_point *peer,
                            struct secret *z)
{
    struct ecdh_public public;
    enum err e = ecdh_public_parse(peer, &public);
    if (e == ERR_OK)
        ecdh_key_agree(key, &public, z);
    return e;
}

enum info_kind {
    INFO_P256,
    INFO_OTHER_CURVE,
    INFO_MALFORMED,
};

/* Reads the info for points of the given size; nothing may be left over. */
static bool read_info(struct bytes info, size_t point_bytes, struct bytes *recipient,
                      struct bytes *sender)
{
    struct cursor c = cursor_of(info);
    bool ok = cursor_u8(&c) == INFO_VERSION;
    *recipient = cursor_take_u32_prefixed(&c);
    *sender = cursor_take_u32_prefixed(&c);
    return ok && cursor_at_end(&c) && recipient->n == point_bytes && sender->n == point_bytes;
}

static enum info_kind parse_info(struct bytes info, struct keyring_ecdh_parties *parties)
{
    enum { P384_POINT_BYTES = 49, P521_POINT_BYTES = 67 };
    struct bytes recipient;
    struct bytes sender;
    if (read_info(info, P384_POINT_BYTES, &recipient, &sender) ||
        read_info(info, P521_POINT_BYTES, &recipient, &sender))
        return INFO_OTHER_CURVE;
    if (!read_info(info, ECDH_POINT_BYTES, &recipient, &sender))
        return INFO_MALFORMED;
    memcpy(parties->recipient.b, recipient.p, ECDH_POINT_BYTES);
    memcpy(parties->sender.b, sender.p, ECDH_POINT_BYTES);
    return INFO_P256;
}

static bool find_own(const struct keyring_ecdh_keys *keys, const struct ecdh_point *point,
                     size_t *index)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (ecdh_point_equal(&keys->own[i], point)) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* Fills in which of our keys the EDK names, as recipient or else as sender. */
static bool match_own(const struct keyring_ecdh_keys *keys, struct keyring_ecdh_parties *parties)
{
    parties->as_sender = false;
    if (find_own(keys, &parties->recipient, &parties->own_index))
        return true;
    parties->as_sender = true;
    return find_own(keys, &parties->sender, &parties->own_index);
}

static enum envelope_reason unwrap(const struct secret *z,
                                   const struct keyring_ecdh_parties *parties, struct bytes aad,
                                   const uint8_t *ciphertext, struct secret *data_key)
{
    struct fixed_info fi;
    fixed_info_init(&fi, &parties->sender, &parties->recipient, aad);
    struct wrapping_keys keys;
    derive(z, &fi, ciphertext, &keys);
    enum envelope_reason r = ENVELOPE_REASON_NONE;
    struct secret candidate;
    struct gcm gcm = {0};
    if (!bytes_equal_secret(bytes_of(keys.commitment, sizeof keys.commitment),
                            bytes_of(ciphertext + COMMITMENT_AT, sizeof keys.commitment))) {
        r = ENVELOPE_REASON_EDK_COMMITMENT;
        goto out;
    }
    start_cipher(&gcm, GCM_OPEN, &keys.wrapping, &fi);
    gcm_update(&gcm, bytes_of(ciphertext + WRAPPED_KEY_AT, SECRET_BYTES), candidate.b);
    if (gcm_check(&gcm, ciphertext + TAG_AT))
        *data_key = candidate;
    else
        r = ENVELOPE_REASON_EDK_TAG;
    secret_fini(&candidate);
out:
    gcm_fini(&gcm);
    mem_cleanse(&keys, sizeof keys);
    return r;
}

/* One EDK that names a key of ours. *error is what agree failed with other than for the point. */
static enum envelope_reason try_edk(const struct edk *edk, struct bytes aad,
                                    const struct keyring_ecdh_keys *keys,
                                    const struct keyring_ecdh_parties *parties,
                                    struct secret *data_key, enum err *error)
{
    if (edk->ciphertext.n != KEYRING_ECDH_CIPHERTEXT_BYTES)
        return ENVELOPE_REASON_EDK_CIPHERTEXT_LENGTH;
    struct secret z = {{0}};
    const struct ecdh_point *peer = parties->as_sender ? &parties->recipient : &parties->sender;
    enum err e = keys->agree(keys->arg, parties->own_index, peer, &z);
    enum envelope_reason r = ENVELOPE_REASON_EDK_POINT;
    if (e == ERR_OK)
        r = unwrap(&z, parties, aad, edk->ciphertext.p, data_key);
    else if (e != ERR_INVALID_FIELD)
        *error = e;
    secret_fini(&z);
    return r;
}

enum err keyring_ecdh_unwrap(const struct header *header, const struct keyring_ecdh_keys *keys,
                             struct secret *data_key, struct keyring_ecdh_parties *parties,
                             enum envelope_reason *reason)
{
    enum envelope_reason last = ENVELOPE_REASON_NO_MATCHING_EDK;
    for (size_t i = 0; i < header->edk_count; i++) {
        const struct edk *edk = &header->edks[i];
        if (!bytes_equal(edk->provider, BYTES_LIT(PROVIDER)))
            continue;
        struct keyring_ecdh_parties named = {0};
        enum info_kind kind = parse_info(edk->info, &named);
        if (kind == INFO_MALFORMED)
            return envelope_reason_set(reason, ENVELOPE_REASON_EDK_INFO);
        if (kind == INFO_OTHER_CURVE || !match_own(keys, &named))
            continue;
        enum err error = ERR_OK;
        last = try_edk(edk, header->aad, keys, &named, data_key, &error);
        if (error != ERR_OK)
            return error;
        if (last == ENVELOPE_REASON_NONE) {
            if (parties != NULL)
                *parties = named;
            break;
        }
    }
    return envelope_reason_set(reason, last);
}

struct single_key {
    const struct ecdh_key *key;
};

static enum err agree_with_key(void *arg, size_t index, const struct ecdh_point *peer,
                               struct secret *z)
{
    const struct single_key *single = arg;
    assert(index == 0);
    return keyring_ecdh_agree(single->key, peer, z);
}

enum err keyring_ecdh_unwrap_with_key(const struct header *header, const struct ecdh_key *key,
                                      struct secret *data_key, struct keyring_ecdh_parties *parties,
                                      enum envelope_reason *reason)
{
    struct single_key single = {key};
    struct keyring_ecdh_keys keys = {&key->public.point, 1, agree_with_key, &single};
    return keyring_ecdh_unwrap(header, &keys, data_key, parties, reason);
}
