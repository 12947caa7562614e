#include "cli/cli_proof.h"

#include "cli/cli_prompt.h"

enum { CODE_MAX_BYTES = 64 };

static void set_totp(json_t *body, struct bytes code)
{
    struct buffer digits;
    buffer_init(&digits, CODE_MAX_BYTES);
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] != ' ')
            buffer_append_u8(&digits, code.p[i]);
    }
    json_object_set_new(body, "totp", json_from_bytes(buffer_bytes(&digits)));
    buffer_fini(&digits);
}

enum cli_exit cli_proof_ask_totp(json_t *body)
{
    struct buffer code;
    buffer_init(&code, CODE_MAX_BYTES);
    enum cli_exit exit = cli_prompt("Code of your authenticator app: ", false, "--totp", &code);
    if (exit == CLI_OK)
        set_totp(body, buffer_bytes(&code));
    buffer_fini(&code);
    return exit;
}

enum cli_exit cli_proof_call(struct cli *cli, enum cli_token token, const char *method,
                             const char *path, json_t *body, const char *totp, json_t **answer)
{
    bool wanted = false;
    if (totp != NULL)
        set_totp(body, bytes_of_str(totp));
    enum cli_exit exit = cli_client_call_unless(
        cli, token, method, path, body, totp == NULL ? "totp_required" : NULL, &wanted, answer);
    if (exit != CLI_OK || !wanted)
        return exit;
    exit = cli_proof_ask_totp(body);
    return exit == CLI_OK ? cli_client_call(cli, token, method, path, body, answer) : exit;
}
