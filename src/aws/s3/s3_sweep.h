/* Removing what no letter refers to: objects, and uploads that were never completed. Several
 * servers may do it at once. */
#ifndef LETTERLOCK_AWS_S3_SWEEP_H
#define LETTERLOCK_AWS_S3_SWEEP_H

#include "aws/s3/s3_call.h"
#include "aws/s3/s3_list.h"

/* Where the next run goes on; zero at first. One thread at a time. */
struct s3_sweep {
    char after_key[S3_KEY_BYTES];
};

struct s3_sweep_rule {
    int64_t before_unix_ms; /* younger ones stay: several servers write here, so nothing is an
                               orphan by being older than this process */
    enum err (*keep)(void *arg, const struct uuid *id, bool *keep);
    void *arg;
    size_t *removed; /* counted up */
};

/* ERR_DEADLINE when the deadline of ctx came before the end. */
enum err s3_sweep_run(struct s3_sweep *sweep, struct aws_client *client, struct ctx *ctx,
                      const struct s3_sweep_rule *rule) MUST_CHECK;

#endif
