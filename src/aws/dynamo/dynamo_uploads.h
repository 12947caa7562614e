/* The uploads port on the table Messages (dynamo_schema.h). */
#ifndef LETTERLOCK_AWS_DYNAMO_UPLOADS_H
#define LETTERLOCK_AWS_DYNAMO_UPLOADS_H

#include "aws/client/aws_client.h"
#include "ports/uploads.h"

/* client outlives it. */
struct uploads dynamo_uploads_port(struct aws_client *client);

/* --- between the files of the adapter: the list of an owner's open uploads --- */

/* Enters a new upload. ERR_TOO_MANY_UPLOADS. */
enum err dynamo_uploads_enter(struct aws_client *client, struct ctx *ctx,
                              const struct upload_record *upload,
                              const struct upload_limits *limits) MUST_CHECK;

/* Takes one off the list. What fails is logged, no more: an entry counts no longer than its upload
 * would have lived. */
void dynamo_uploads_leave(struct aws_client *client, struct ctx *ctx, const struct uuid *owner_id,
                          const struct uuid *id);

#endif
