/* Prints a key policy as the server would send it to KMS, for tests that evaluate it:
 *   key_policy_tool USER|shared ACCOUNT OWNER_ROLE SERVER_ROLES PROVISIONER_ROLE ADMIN_ROLE
 * USER is a user's id (UUID). */
#include "aws/kms/key_policy.h"

#include <stdio.h>
#include <string.h>

enum { PROGRAM, WHOSE, ACCOUNT, OWNER, SERVERS, PROVISIONER, ADMIN, ARGUMENTS };

static enum err write_policy(char *const *argv, struct buffer *out)
{
    const struct aws_config config = {
        .account = argv[ACCOUNT],
        .owner_role = argv[OWNER],
        .server_roles = argv[SERVERS],
        .provisioner_role = argv[PROVISIONER],
        .admin_role = argv[ADMIN],
    };
    struct uuid user_id;
    if (strcmp(argv[WHOSE], "shared") == 0)
        return key_policy_write_shared(&config, out);
    if (!uuid_parse(bytes_of_str(argv[WHOSE]), &user_id))
        return ERR_INVALID_FIELD;
    return key_policy_write_user(&config, &user_id, out);
}

int main(int argc, char **argv)
{
    if (argc != ARGUMENTS) {
        (void)fprintf(stderr, "key_policy_tool: see its source for the arguments\n");
        return 2;
    }
    struct buffer out;
    buffer_init(&out, KEY_POLICY_MAX_BYTES);
    enum err e = write_policy(argv, &out);
    if (e == ERR_OK)
        (void)printf("%.*s\n", BYTES_FMT(buffer_bytes(&out)));
    else
        (void)fprintf(stderr, "key_policy_tool: %s\n", err_text(e));
    buffer_fini(&out);
    return e == ERR_OK ? 0 : 1;
}
