/* The directory that export makes and import reads: a directory for each letter, named by its id,
 * with its metadata and manifest in one JSON object (openapi.yaml, Letter and Manifest) and the
 * file's bytes. Everything in it is in clear. */
#ifndef LETTERLOCK_CLI_CLI_MOVING_H
#define LETTERLOCK_CLI_CLI_MOVING_H

#define CLI_MOVING_LETTER "letter.json"
#define CLI_MOVING_CONTENT "content"
#define CLI_MOVING_DONE "imported" /* the id of the letter that it became */
#define CLI_MOVING_LETTER_MAX (4u << 20)

#endif
