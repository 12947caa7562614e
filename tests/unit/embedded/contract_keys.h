/* The contract of ports/keys.h as a suite that runs on any adapter (household_use), and what only
 * key rings of P-256 keys do. Both give the number of failed tests. */
#ifndef LETTERLOCK_TESTS_CONTRACT_KEYS_H
#define LETTERLOCK_TESTS_CONTRACT_KEYS_H

#include <stdbool.h>

/* In what adapters may differ. */
struct contract_keys_traits {
    bool proves_sender;       /* whoever opens a letter can tell who sealed it */
    bool access_token_copies; /* a copy for the sender takes no more than the access token */
};

int contract_keys_run(const struct contract_keys_traits *traits);
int contract_key_rings_run(void);

#endif
