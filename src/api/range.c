#include "api/range.h"

/* A suffix of a size that may be larger than everything. */
static enum range_kind read_suffix(struct bytes digits, uint64_t size, uint64_t *from, uint64_t *to)
{
    uint64_t n = 0;
    if (!bytes_to_u64(digits, UINT64_MAX, &n))
        return RANGE_WHOLE;
    if (n == 0)
        return RANGE_UNSATISFIABLE;
    /* The suffix of nothing is satisfiable but has no Content-Range: it is the whole. */
    if (size == 0)
        return RANGE_WHOLE;
    *from = n < size ? size - n : 0;
    *to = size;
    return RANGE_PART;
}

enum range_kind range_read(struct bytes value, uint64_t size, uint64_t *from, uint64_t *to)
{
    static const struct bytes unit = {(const uint8_t *)"bytes=", 6};
    if (!bytes_equal_nocase(bytes_slice(value, 0, unit.n), unit))
        return RANGE_WHOLE;
    struct bytes set = bytes_trim(bytes_slice(value, unit.n, SIZE_MAX));
    size_t dash = bytes_find(set, '-', 0);
    if (dash == SIZE_MAX)
        return RANGE_WHOLE;
    struct bytes last_digits = bytes_slice(set, dash + 1, SIZE_MAX);
    if (dash == 0)
        return read_suffix(last_digits, size, from, to);
    uint64_t first = 0;
    uint64_t last = UINT64_MAX - 1;
    if (!bytes_to_u64(bytes_slice(set, 0, dash), UINT64_MAX, &first) ||
        (last_digits.n > 0 && !bytes_to_u64(last_digits, UINT64_MAX - 1, &last)) || last < first)
        return RANGE_WHOLE;
    if (first >= size)
        return RANGE_UNSATISFIABLE;
    *from = first;
    *to = last < size ? last + 1 : size;
    return RANGE_PART;
}
