/* Calls of the query protocol (SNS API Reference): form-encoded in, XML out. */
#ifndef LETTERLOCK_AWS_SNS_CALL_H
#define LETTERLOCK_AWS_SNS_CALL_H

#include "aws/client/aws_client.h"

/* Starts a form in an initialised buffer: the action and the API's version. */
void sns_form_begin(struct buffer *form, const char *action);

/* Adds a parameter; the name is sent as it is. */
void sns_form_add(struct buffer *form, const char *name, struct bytes value);

/* Sends the form. ERR_OK with *answer for a 2xx, else as aws_answer_error says. */
enum err sns_send(struct aws_client *client, struct ctx *ctx, const char *action,
                  const struct buffer *form, struct aws_answer *answer) MUST_CHECK;

#endif
