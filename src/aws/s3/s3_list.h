/* Reading the lists of objects and of unfinished uploads (S3 API Reference, ListObjectsV2 and
 * ListMultipartUploads). Pure. */
#ifndef LETTERLOCK_AWS_S3_LIST_H
#define LETTERLOCK_AWS_S3_LIST_H

#include "base/arena.h"
#include "base/uuid.h"

#define S3_KEY_BYTES 64u

/* One <Contents> or <Upload>. */
struct s3_entry {
    char key[S3_KEY_BYTES]; /* "" when it is longer than any of ours */
    bool is_letter;         /* the key is that of a letter's object … */
    bool is_tail;           /* … or of what waits of a draft (s3_draft.h) … */
    struct uuid id;         /* … which is this one */
    int64_t unix_ms;        /* LastModified or Initiated; INT64_MAX when it cannot be read, so that
                               nothing is taken for old by mistake */
    uint64_t size;          /* of an object; 0 when it cannot be read */
    const char *upload_id;  /* of an upload, in the arena; else "" */
};

/* What is between the next <name> and </name> of *rest, which moves behind it; false at the end. */
bool s3_list_block(struct bytes *rest, const char *name, struct bytes *block);

/* Gives the next element ("Contents" or "Upload") of *rest, and moves *rest behind it; false at the
 * end, which is also where the list breaks off. */
bool s3_list_next(struct arena *arena, struct bytes *rest, const char *element,
                  struct s3_entry *out);

/* True when there are further pages. */
bool s3_list_is_truncated(struct arena *arena, struct bytes list);

#endif
