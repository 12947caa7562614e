#include "base/secret.h"

#include "base/mem.h"
#include "base/random.h"

void secret_random(struct secret *s)
{
    random_private_bytes(s->b, sizeof s->b);
}

void secret_fini(struct secret *s)
{
    mem_cleanse(s, sizeof *s);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return bytes_equal_secret(secret_bytes(a), secret_bytes(b));
}

struct bytes secret_bytes(const struct secret *s)
{
    return bytes_of(s->b, sizeof s->b);
}
