/* The Lambda front: AWS's Runtime API in place of a listening socket. */
#ifndef LETTERLOCK_LAMBDA_H
#define LETTERLOCK_LAMBDA_H

#include "api/api.h"
#include "base/ctx.h"

struct lambda_config {
    const char *runtime_api;  /* host:port, AWS_LAMBDA_RUNTIME_API */
    const char *stage_prefix; /* cut from paths, such as "/prod"; "" for none */

    /* Cognito's PostConfirmation trigger for a confirmed user. */
    enum err (*confirmed)(void *arg, struct ctx *ctx, const struct uuid *user_id,
                          struct bytes username, struct bytes email);
    /* After each answer, before the sandbox may be frozen: finishes what is in the background. */
    void (*settle)(void *arg, struct ctx *ctx);
    void *arg;
};

/* Serves invocations until the runtime goes away: API Gateway REST (payload 1.0) and HTTP (2.0)
 * proxy events through the api's calls, PostConfirmation through confirmed. Who calls is told by
 * the token alone, which the api verifies: what an authoriser found out is not looked at. Gives the
 * exit status. */
int lambda_run(struct api *api, const struct lambda_config *config);

/* Tells the runtime that the start failed: type is like "Letterlock.CannotStart", message is for
 * the operator. The process should then end with a status other than 0. */
void lambda_report_init_error(const struct lambda_config *config, const char *type,
                              const char *message);

#endif
