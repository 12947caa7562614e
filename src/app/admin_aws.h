/* `letterlock admin` on the AWS backend. */
#ifndef LETTERLOCK_APP_ADMIN_AWS_H
#define LETTERLOCK_APP_ADMIN_AWS_H

#include "app/config.h"
#include "base/ctx.h"

/* Runs one command, words[0] its name, with the credentials of the environment, which need an
 * operator's rights: infra/terraform/README.md. Gives the exit status. */
int admin_aws_run(struct ctx *ctx, const struct config *config, int word_count, char **words);

#endif
