/* The AWS backend that the test programs of this folder work on, as the server's LETTERLOCK_AWS_
 * variables name it. */
#ifndef LETTERLOCK_TESTS_AWS_DEPLOYMENT_H
#define LETTERLOCK_TESTS_AWS_DEPLOYMENT_H

#include "aws/aws_config.h"

/* Borrows from the environment; what is not set is "". */
struct aws_config deployment_config(void);

#endif
