/* Any bytes as a token, as the parts of a token that is rightly signed, and as a key set. */
#include "fuzz.h"

#include "base/buffer.h"
#include "core/token.h"
#include "core/token_keys.h"
#include "token_forge.h"

enum mode { MODE_TOKEN, MODE_HEADER, MODE_CLAIMS, MODE_KEYS, MODES };

static struct forge forge;
static struct arena forge_arena;
static struct token_verifier *verifier;

/* Whoever was let in is whole. */
static void check_actor(enum err e, const struct actor *actor)
{
    static const struct actor nobody;
    if (e != ERR_OK) {
        fuzz_require(uuid_equal(&actor->user_id, &nobody.user_id));
        fuzz_require(!actor->has_custody);
        return;
    }
    fuzz_require(actor->username[0] != '\0');
    fuzz_require(actor->power == ACTOR_ID || !actor->has_custody);
    fuzz_require(actor->expires_unix_ms > 0);
}

static struct bytes token_of(enum mode mode, struct arena *arena, struct bytes data)
{
    if (mode == MODE_TOKEN)
        return data;
    struct bytes input = forge_input(arena, mode == MODE_HEADER ? data : BYTES_LIT(FORGE_HEADER),
                                     mode == MODE_HEADER ? BYTES_LIT("{}") : data);
    return forge_join(arena, input, forge_sign(&forge, arena, input, false));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (verifier == NULL) {
        forge_init(&forge, &forge_arena);
        verifier = token_verifier_create(&forge.port);
    }
    struct bytes input = bytes_of(data, size);
    enum mode mode = (enum mode)(fuzz_take_byte(&input) % MODES);
    struct arena arena = {0};
    if (mode == MODE_KEYS) {
        struct token_keys keys;
        (void)token_keys_parse(&keys, size % 2 == 0 ? TOKEN_ES256 : TOKEN_RS256, input);
        token_keys_fini(&keys);
        return 0;
    }
    struct ctx ctx = {.arena = &arena, .now_unix_ms = INT64_C(1795000000000)};
    struct actor actor;
    if (input.n < TOKEN_MAX_BYTES)
        check_actor(token_verify(verifier, &ctx, token_of(mode, &arena, input), &actor), &actor);
    actor_fini(&actor);
    arena_fini(&arena);
    return 0;
}
