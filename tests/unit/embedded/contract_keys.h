/* The contract of ports/keys.h as a suite that runs on any adapter whose keys are P-256 key rings
 * (household_use). Gives the number of failed tests. */
#ifndef LETTERLOCK_TESTS_CONTRACT_KEYS_H
#define LETTERLOCK_TESTS_CONTRACT_KEYS_H

int contract_keys_run(void);

#endif
