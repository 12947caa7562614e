/* The contract of the objects port on the bucket that the environment names. */
#include "contract_objects.h"

#include "aws/s3/s3_objects.h"
#include "base/mem.h"
#include "cloud_client.h"

struct made {
    struct cloud_client cloud;
    struct s3_objects *objects;
};

static void *make(struct objects *out)
{
    struct made *made = mem_alloc(sizeof *made);
    cloud_client_init(&made->cloud);
    made->objects = s3_objects_create(made->cloud.client);
    *out = s3_objects_port(made->objects);
    return made;
}

static void unmake(void *p)
{
    struct made *made = p;
    s3_objects_destroy(made->objects);
    cloud_client_fini(&made->cloud);
    mem_free(made);
}

int main(void)
{
    const struct objects_maker maker = {.make = make, .unmake = unmake};
    int failed = contract_objects_run("objects in S3", &maker);
    return failed + contract_drafts_run("drafts in S3", &maker) == 0 ? 0 : 1;
}
