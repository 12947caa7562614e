/* The statements of check.c and backup.c. */
#ifndef LETTERLOCK_EMBEDDED_SQL_CHECK_H
#define LETTERLOCK_EMBEDDED_SQL_CHECK_H

#include "embedded/sql_records.h"

#define SQL_CHECK(X)                                                                               \
    X(CHECK_INTEGRITY, "PRAGMA integrity_check(100)")                                              \
    X(CHECK_LETTERS,                                                                               \
      "SELECT " MESSAGE_COLUMNS ", m.header, m.frames FROM messages m" MESSAGE_USERS               \
      "WHERE m.no > ?1 ORDER BY m.no LIMIT ?2")                                                    \
    X(CHECK_STRAY_LETTERS,                                                                         \
      "SELECT id FROM messages WHERE NOT EXISTS (SELECT 1 FROM users WHERE no = sender_no)"        \
      " OR NOT EXISTS (SELECT 1 FROM users WHERE no = recipient_no)")                              \
    X(CHECK_USAGE,                                                                                 \
      "SELECT u.id, g.bytes, coalesce(s.bytes, 0) FROM usage g"                                    \
      " JOIN users u ON u.no = g.user_no LEFT JOIN"                                                \
      " (SELECT recipient_no, sum(sealed_size) AS bytes FROM messages GROUP BY recipient_no) s"    \
      " ON s.recipient_no = g.user_no WHERE g.bytes <> coalesce(s.bytes, 0)")                      \
    X(BACKUP_OBJECTS, "SELECT no, id, recipient_no, sealed_size, flags FROM messages"              \
                      " WHERE no > ?1 AND (flags & 4) = 0 ORDER BY no LIMIT ?2")

#endif
