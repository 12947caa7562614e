#include "contract_records.h"

#include "base/mem.h"
#include "embedded/records_adapter.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct made {
    struct scratch scratch;
    struct store *store;
    struct records_adapter *records;
};

static void *make(struct records *out)
{
    struct made *made = mem_alloc(sizeof *made);
    scratch_init(&made->scratch);
    const char *path = scratch_path(&made->scratch, "db.sqlite");
    assert_int_equal(store_open(&made->scratch.ctx, path, &made->store), ERR_OK);
    made->records = records_adapter_create(made->store);
    records_adapter_port(made->records, out);
    return made;
}

static void unmake(void *p)
{
    struct made *made = p;
    records_adapter_destroy(made->records);
    store_close(made->store);
    scratch_fini(&made->scratch);
    mem_free(made);
}

int main(void)
{
    const struct records_maker maker = {.make = make, .unmake = unmake};
    return contract_records_run(&maker);
}
