/* Text from elsewhere, made safe for a terminal or for a file name. Letters come from other people:
 * an escape sequence in a text could rewrite the screen, a name could leave the directory. */
#ifndef LETTERLOCK_CLI_CLI_TEXT_H
#define LETTERLOCK_CLI_CLI_TEXT_H

#include "base/buffer.h"

/* Longest file name given: below the 255 bytes of most file systems, with room for a temporary
 * name's suffix. */
#define CLI_TEXT_FILE_NAME_MAX 200u

/* Appends text with everything that would steer a terminal or reorder the line (control characters,
 * bidirectional overrides) and every malformed byte replaced by U+FFFD. Tabs stay; line ends stay
 * when keep_lines is true. */
void cli_text_clean(struct buffer *out, struct bytes text, bool keep_lines);

/* The number of code points in UTF-8 text; malformed bytes count one each. */
size_t cli_text_length(struct bytes text);

/* Appends a name for a file in the current directory, made from a name that a sender chose: the
 * part behind the last '/' or '\', no control or reordering characters, no leading '.', '-' or
 * space, no trailing '.' or space, at most CLI_TEXT_FILE_NAME_MAX bytes with the extension kept.
 * fallback (a name of ours) when nothing is left. Not NUL-terminated. */
void cli_text_file_name(struct buffer *out, struct bytes name, const char *fallback);

#endif
