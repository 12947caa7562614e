/* cmocka.h with the headers that it wants in front of it. */
#ifndef LETTERLOCK_TESTS_UNIT_ENVELOPE_CMOCKA_ALL_H
#define LETTERLOCK_TESTS_UNIT_ENVELOPE_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
