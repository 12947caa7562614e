/* The contract of ports/identity.h on Cognito, run by tests/aws/test_identity.py. */
#include "contract_identity.h"
#include "pool.h"

int main(void)
{
    household_use(&pool_maker);
    return contract_sign_up_run() + contract_sign_in_run() + contract_sessions_run() +
           contract_passwords_run() + contract_totp_run();
}
