#include "ports/identity.h"

#include "base/arena.h"

#define CLIENT_MAX_BYTES 100u

const char *identity_mask_address(struct arena *arena, struct bytes email)
{
    size_t at = bytes_find(email, '@', 0);
    struct bytes domain = bytes_slice(email, at + 1, email.n);
    size_t dot = domain.n;
    for (size_t i = 0; i < domain.n; i++)
        dot = domain.p[i] == '.' ? i : dot;
    return arena_printf(arena, "%.1s***@%.1s***%.*s", (const char *)email.p, (const char *)domain.p,
                        BYTES_FMT(bytes_slice(domain, dot, domain.n)));
}

struct bytes identity_clean_client(struct arena *arena, struct bytes client)
{
    struct bytes cut = bytes_slice(client, 0, CLIENT_MAX_BYTES);
    uint8_t *p = arena_alloc(arena, cut.n + 1);
    for (size_t i = 0; i < cut.n; i++)
        p[i] = cut.p[i] >= 0x20 && cut.p[i] < 0x7f ? cut.p[i] : '?';
    return bytes_of(p, cut.n);
}
