/* Opening a sealed message offline: any raw-ecdh message of the format, with exported keys. */
#ifndef LETTERLOCK_CLI_CLI_UNSEALER_H
#define LETTERLOCK_CLI_CLI_UNSEALER_H

#include "cli/cli_exit.h"
#include "envelope/keyring_ecdh.h"

#define CLI_UNSEALER_KEYS_MAX 64u

/* The private keys to try. Zeroed: none. */
struct cli_unsealer_keys {
    struct ecdh_key keys[CLI_UNSEALER_KEYS_MAX];
    struct ecdh_point own[CLI_UNSEALER_KEYS_MAX];
    size_t count;
};

/* Reads the PKCS#8 PEM blocks of text. CLI_FAILED, with a message that names path, when one is no
 * P-256 key, there is none, or there are too many. cli_unsealer_keys_fini cleanses, always. */
enum cli_exit cli_unsealer_keys_read(struct cli_unsealer_keys *keys, struct bytes text,
                                     const char *path) MUST_CHECK;
void cli_unsealer_keys_fini(struct cli_unsealer_keys *keys);

/* Takes the next verified plaintext; anything but CLI_OK, told already, ends the opening. */
typedef enum cli_exit cli_unsealer_take(void *arg, struct bytes plaintext);

/* Reads a message from fd to its end and gives the plaintext of each frame once it verified. What
 * was given counts only when this says CLI_OK. CLI_FAILED when the message is not sealed to any of
 * keys, CLI_INTEGRITY when it does not verify, CLI_LOCAL when it cannot be read; all are printed.
 */
enum cli_exit cli_unsealer_run(int fd, const struct cli_unsealer_keys *keys,
                               cli_unsealer_take *take, void *arg) MUST_CHECK;

#endif
