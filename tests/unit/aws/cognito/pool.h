/* User pools in the double of AWS (tests/aws/double), one for each test: made with an
 * administrator's credentials, looked into by the double's control calls. */
#ifndef LETTERLOCK_TESTS_AWS_POOL_H
#define LETTERLOCK_TESTS_AWS_POOL_H

#include "aws/cognito/cognito_identity.h"
#include "aws/kms/kms_keys.h"
#include "household.h"

struct pool {
    struct aws_config config; /* names this pool */
    struct arena arena;
    struct ctx ctx;
    struct aws_client *client; /* the server's */
    struct aws_client *admin;  /* an administrator's */
    struct cognito_identity *identity;
    struct keys keys;
    struct kms_keys *kms;
    size_t *taken; /* mails that were taken, by their place among the pool's */
    size_t taken_count;
};

/* A household on a fresh pool, whose refresh tokens do not rotate, or do without any grace. */
extern const struct household_maker pool_maker;
extern const struct household_maker pool_rotating_maker;

/* Calls the double; takes in, gives a new reference. */
json_t *pool_control(struct pool *pool, const char *name, json_t *in);

/* Orders a fault for the next matching call, such as "cognito-idp.SignUp". code may be NULL. */
void pool_fault(struct pool *pool, const char *match, const char *kind, const char *code);

/* The next call of the operation gets this answer, whatever it asks. */
void pool_answer(struct pool *pool, const char *match, const char *body);

/* Lets the user's code ("signup", "forgot") be past. */
void pool_expire_code(struct pool *pool, const char *kind, const char *username);

#endif
