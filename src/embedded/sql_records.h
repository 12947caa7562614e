/* The records tables of the embedded backend: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_RECORDS_H
#define LETTERLOCK_EMBEDDED_SQL_RECORDS_H

/* Version 1 of the schema, run once by migrate.c.
 *
 * users: an erased account keeps its row (state 3, no name, no address) as long as letters that it
 * sent name it; numbers are never used twice.
 *
 * messages: no is the order of commits, so lists are ordered by it and every index carries it for
 * nothing. Users are numbers, read_ms and expires_ms are NULL for "not", flags are in
 * records_rows.h, and the payload comes last, so that lists do not read it. An idempotency key is
 * kept for a day.
 *
 * The inbox is two partial indexes, unread and read, merged when both are asked for: so a new
 * letter costs one entry, and the unread ones are counted without a visit to the table (for which
 * SQLite wants the column of the condition in the index, too). The three covering indexes also
 * answer "between the two of us": every index in another order costs a page of WAL, 6 us of
 * processor, a letter, and scanning a mailbox of 10,000 in one takes half a millisecond.
 *
 * usage is apart from users because every letter changes it. notices_due holds letters that no mail
 * has announced yet: the sender of mail takes rows away. */
#define SCHEMA_RECORDS                                                                             \
    "CREATE TABLE users("                                                                          \
    " no INTEGER PRIMARY KEY,"                                                                     \
    " id BLOB NOT NULL UNIQUE,"                                                                    \
    " username TEXT UNIQUE,"                                                                       \
    " email TEXT NOT NULL,"                                                                        \
    " key_reference TEXT NOT NULL,"                                                                \
    " topic_reference TEXT NOT NULL,"                                                              \
    " state INTEGER NOT NULL,"                                                                     \
    " created_ms INTEGER NOT NULL,"                                                                \
    " quota_bytes INTEGER NOT NULL) STRICT;"                                                       \
    "CREATE TABLE usage("                                                                          \
    " user_no INTEGER PRIMARY KEY,"                                                                \
    " bytes INTEGER NOT NULL) STRICT;"                                                             \
    "CREATE TABLE notices_due("                                                                    \
    " user_no INTEGER PRIMARY KEY,"                                                                \
    " count INTEGER NOT NULL,"                                                                     \
    " first_unix_ms INTEGER NOT NULL) STRICT;"                                                     \
    "CREATE TABLE messages("                                                                       \
    " no INTEGER PRIMARY KEY,"                                                                     \
    " id BLOB NOT NULL,"                                                                           \
    " recipient_no INTEGER NOT NULL,"                                                              \
    " sender_no INTEGER NOT NULL,"                                                                 \
    " sent_ms INTEGER NOT NULL,"                                                                   \
    " read_ms INTEGER,"                                                                            \
    " expires_ms INTEGER,"                                                                         \
    " size INTEGER NOT NULL,"                                                                      \
    " sealed_size INTEGER NOT NULL,"                                                               \
    " flags INTEGER NOT NULL,"                                                                     \
    " checksum BLOB NOT NULL,"                                                                     \
    " idempotency_key BLOB,"                                                                       \
    " fingerprint BLOB,"                                                                           \
    " header BLOB NOT NULL,"                                                                       \
    " frames BLOB) STRICT;"                                                                        \
    "CREATE UNIQUE INDEX messages_id ON messages(id);"                                             \
    "CREATE INDEX messages_unread ON messages(recipient_no, no, sender_no, expires_ms, read_ms)"   \
    " WHERE read_ms IS NULL;"                                                                      \
    "CREATE INDEX messages_read ON messages(recipient_no, no, sender_no, expires_ms, read_ms)"     \
    " WHERE read_ms IS NOT NULL;"                                                                  \
    "CREATE INDEX messages_sent ON messages(sender_no, no, recipient_no, expires_ms);"             \
    "CREATE INDEX messages_expiry ON messages(expires_ms) WHERE expires_ms IS NOT NULL;"           \
    "CREATE INDEX messages_idempotency ON messages(sender_no, idempotency_key, sent_ms)"           \
    " WHERE idempotency_key IS NOT NULL;"

#define USER_COLUMNS                                                                               \
    "no, id, username, email, key_reference, topic_reference, state, created_ms, quota_bytes"

/* In the order that records_rows.c reads them; the payload may follow. */
#define MESSAGE_COLUMNS                                                                            \
    "m.no, m.id, s.id, r.id, s.username, r.username, m.sent_ms, m.read_ms, m.expires_ms, m.size, " \
    "m.sealed_size, m.flags, m.checksum"
#define MESSAGE_USERS                                                                              \
    " CROSS JOIN users s ON s.no = m.sender_no CROSS JOIN users r ON r.no = m.recipient_no "

/* Parts of lists, each answered by its index alone. ?1 the actor's number, ?2 numbers below this
 * one only, ?3 now, ?4 how many, ?5 the other user's number or NULL. */
#define LIST_VISIBLE " AND no < ?2 AND (expires_ms IS NULL OR expires_ms > ?3)"
#define LIST_UNREAD                                                                                \
    "SELECT no FROM messages INDEXED BY messages_unread WHERE recipient_no = ?1"                   \
    " AND read_ms IS NULL" LIST_VISIBLE " AND (?5 IS NULL OR sender_no = ?5)"
#define LIST_READ                                                                                  \
    "SELECT no FROM messages INDEXED BY messages_read WHERE recipient_no = ?1"                     \
    " AND read_ms IS NOT NULL" LIST_VISIBLE " AND (?5 IS NULL OR sender_no = ?5)"
#define LIST_SENT                                                                                  \
    "SELECT no FROM messages INDEXED BY messages_sent WHERE sender_no = ?1" LIST_VISIBLE           \
    " AND (?5 IS NULL OR recipient_no = ?5)"
/* A letter to oneself is in the inbox's part already. */
#define LIST_NOT_TO_SELF " AND recipient_no <> ?1"
#define LIST_STILL_UNREAD " AND read_ms IS NULL"
#define LIST_OF(parts)                                                                             \
    "SELECT " MESSAGE_COLUMNS " FROM (" parts " ORDER BY no DESC LIMIT ?4) l"                      \
    " CROSS JOIN messages m ON m.no = l.no" MESSAGE_USERS "ORDER BY l.no DESC"

#define SQL_RECORDS(X)                                                                             \
    X(USER_PUT,                                                                                    \
      "INSERT INTO users(id, username, email, key_reference, topic_reference, state, created_ms,"  \
      " quota_bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"                                       \
      " ON CONFLICT(id) DO UPDATE SET username = ?2,"                                              \
      " email = iif(?3 = '', email, ?3),"                                                          \
      " key_reference = iif(?4 = '', key_reference, ?4),"                                          \
      " topic_reference = iif(?5 = '', topic_reference, ?5),"                                      \
      " state = ?6, quota_bytes = iif(?8 = 0, quota_bytes, ?8)"                                    \
      " WHERE state <> 3")                                                                         \
    X(USER_START_USAGE,                                                                            \
      "INSERT OR IGNORE INTO usage(user_no, bytes) SELECT no, 0 FROM users WHERE id = ?1")         \
    X(USER_BY_ID, "SELECT " USER_COLUMNS " FROM users WHERE id = ?1 AND state <> 3")               \
    X(USER_BY_NAME, "SELECT " USER_COLUMNS " FROM users WHERE username = ?1")                      \
    X(USER_NO, "SELECT no FROM users WHERE id = ?1")                                               \
    X(USER_USAGE, "SELECT bytes FROM usage WHERE user_no = ?1")                                    \
    X(USER_ADD_USAGE, "UPDATE usage SET bytes = bytes + ?2 WHERE user_no = ?1")                    \
    X(USERS_LIST, "SELECT " USER_COLUMNS " FROM users WHERE username >= ?1 AND username < ?2"      \
                  " AND username > ?3 AND state = 1 AND id <> ?4 ORDER BY username LIMIT ?5")      \
    X(USER_ERASE,                                                                                  \
      "UPDATE users SET username = NULL, email = '', key_reference = '', topic_reference = '',"    \
      " state = 3, quota_bytes = 0 WHERE no = ?1")                                                 \
    X(USER_ERASE_USAGE, "DELETE FROM usage WHERE user_no = ?1")                                    \
    X(USER_ERASE_NOTICE, "DELETE FROM notices_due WHERE user_no = ?1")                             \
    X(USER_LETTERS, "SELECT m.no, m.id, m.recipient_no, m.sealed_size, m.flags FROM"               \
                    " (SELECT no FROM messages INDEXED BY messages_unread WHERE recipient_no = ?1" \
                    " AND read_ms IS NULL UNION ALL"                                               \
                    " SELECT no FROM messages INDEXED BY messages_read WHERE recipient_no = ?1"    \
                    " AND read_ms IS NOT NULL LIMIT ?2) l CROSS JOIN messages m ON m.no = l.no")   \
    X(NOTICE_ADD, "INSERT INTO notices_due(user_no, count, first_unix_ms) VALUES(?1, 1, ?2)"       \
                  " ON CONFLICT(user_no) DO UPDATE SET count = count + 1")                         \
    X(MESSAGE_BY_KEY,                                                                              \
      "SELECT " MESSAGE_COLUMNS                                                                    \
      ", m.fingerprint FROM messages m INDEXED BY messages_idempotency" MESSAGE_USERS              \
      "WHERE m.sender_no = ?1 AND m.idempotency_key = ?2 AND m.sent_ms > ?3"                       \
      " ORDER BY m.sent_ms DESC LIMIT 1")                                                          \
    X(MESSAGE_INSERT,                                                                              \
      "INSERT INTO messages(id, recipient_no, sender_no, sent_ms, expires_ms, size, sealed_size,"  \
      " flags, checksum, idempotency_key, fingerprint, header, frames)"                            \
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")                           \
    X(MESSAGE_GET, "SELECT " MESSAGE_COLUMNS " FROM messages m" MESSAGE_USERS                      \
                   "WHERE m.id = ?1 AND (s.id = ?2 OR r.id = ?2)"                                  \
                   " AND (m.expires_ms IS NULL OR m.expires_ms > ?3)")                             \
    X(MESSAGE_GET_PAYLOAD,                                                                         \
      "SELECT " MESSAGE_COLUMNS ", m.header, m.frames FROM messages m" MESSAGE_USERS               \
      "WHERE m.id = ?1 AND (s.id = ?2 OR r.id = ?2)"                                               \
      " AND (m.expires_ms IS NULL OR m.expires_ms > ?3)")                                          \
    X(MESSAGE_MARK_READ, "UPDATE messages SET read_ms = ?2 WHERE no = ?1 AND read_ms IS NULL")     \
    X(MESSAGE_DELETE, "DELETE FROM messages WHERE no = ?1")                                        \
    X(MESSAGE_EXISTS, "SELECT 1 FROM messages WHERE id = ?1")                                      \
    X(MESSAGES_EXPIRED,                                                                            \
      "SELECT no, id, recipient_no, sealed_size, flags FROM messages INDEXED BY messages_expiry"   \
      " WHERE expires_ms IS NOT NULL AND expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2")           \
    X(MESSAGES_OLD_KEYS, "SELECT no FROM messages INDEXED BY messages_idempotency"                 \
                         " WHERE idempotency_key IS NOT NULL AND sent_ms <= ?1 LIMIT ?2")          \
    X(MESSAGE_DROP_KEY,                                                                            \
      "UPDATE messages SET idempotency_key = NULL, fingerprint = NULL WHERE no = ?1")              \
    X(LIST_INBOX, LIST_OF(LIST_UNREAD " UNION ALL " LIST_READ))                                    \
    X(LIST_INBOX_UNREAD, LIST_OF(LIST_UNREAD))                                                     \
    X(LIST_SENT, LIST_OF(LIST_SENT))                                                               \
    X(LIST_SENT_UNREAD, LIST_OF(LIST_SENT LIST_STILL_UNREAD))                                      \
    X(LIST_ANY,                                                                                    \
      LIST_OF(LIST_UNREAD " UNION ALL " LIST_READ " UNION ALL " LIST_SENT LIST_NOT_TO_SELF))       \
    X(LIST_ANY_UNREAD,                                                                             \
      LIST_OF(LIST_UNREAD " UNION ALL " LIST_SENT LIST_NOT_TO_SELF LIST_STILL_UNREAD))             \
    X(SINCE_WALK,                                                                                  \
      "SELECT no, sent_ms FROM messages INDEXED BY messages_unread WHERE recipient_no = ?1"        \
      " AND read_ms IS NULL UNION ALL SELECT no, sent_ms FROM messages INDEXED BY messages_read"   \
      " WHERE recipient_no = ?1 AND read_ms IS NOT NULL ORDER BY no DESC")                         \
    X(SINCE_LIST,                                                                                  \
      "SELECT " MESSAGE_COLUMNS " FROM (SELECT no FROM messages INDEXED BY messages_unread"        \
      " WHERE recipient_no = ?1 AND read_ms IS NULL AND no >= ?2 UNION ALL"                        \
      " SELECT no FROM messages INDEXED BY messages_read WHERE recipient_no = ?1"                  \
      " AND read_ms IS NOT NULL AND no >= ?2 ORDER BY no) l"                                       \
      " CROSS JOIN messages m ON m.no = l.no" MESSAGE_USERS "WHERE m.sent_ms >= ?3"                \
      " AND (m.expires_ms IS NULL OR m.expires_ms > ?4) ORDER BY l.no LIMIT ?5")                   \
    X(UNREAD_SENDERS,                                                                              \
      "SELECT u.id, u.username, g.n, m.sent_ms FROM"                                               \
      " (SELECT sender_no, count(*) AS n, max(no) AS latest FROM messages"                         \
      " INDEXED BY messages_unread WHERE recipient_no = ?1 AND read_ms IS NULL"                    \
      " AND (expires_ms IS NULL OR expires_ms > ?2) GROUP BY sender_no) g"                         \
      " CROSS JOIN messages m ON m.no = g.latest CROSS JOIN users u ON u.no = g.sender_no"         \
      " ORDER BY g.latest DESC")                                                                   \
    X(PING, "SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1)")

#endif
