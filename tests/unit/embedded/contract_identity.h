/* The contract of ports/identity.h as suites that run on any adapter (household_use). Each gives
 * the number of failed tests. */
#ifndef LETTERLOCK_TESTS_CONTRACT_IDENTITY_H
#define LETTERLOCK_TESTS_CONTRACT_IDENTITY_H

/* Signing up, confirming, codes, invitations, what strangers can tell. */
int contract_sign_up_run(void);

/* Signing in, throttles, tokens. */
int contract_sign_in_run(void);

/* Refreshing, listing and ending sessions. */
int contract_sessions_run(void);

/* Changing and resetting passwords, recovery keys, erasing. */
int contract_passwords_run(void);

/* The second factor. */
int contract_totp_run(void);

#endif
