/* The mail tables of the embedded backend: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_MAIL_H
#define LETTERLOCK_EMBEDDED_SQL_MAIL_H

/* Version 1 of the schema, run once by migrate.c. mail_queue holds what is to be told to whom;
 * notices_quiet until when a recipient of a letter notice is not told again, so that letters that
 * arrive together make one digest. */
#define SCHEMA_MAIL                                                                                \
    "CREATE TABLE mail_queue("                                                                     \
    " id INTEGER PRIMARY KEY,"                                                                     \
    " kind INTEGER NOT NULL,"                                                                      \
    " account_id BLOB NOT NULL,"                                                                   \
    " email TEXT NOT NULL,"                                                                        \
    " letters INTEGER NOT NULL,"                                                                   \
    " created_unix_ms INTEGER NOT NULL,"                                                           \
    " attempts INTEGER NOT NULL DEFAULT 0,"                                                        \
    " next_unix_ms INTEGER NOT NULL) STRICT;"                                                      \
    "CREATE INDEX mail_queue_next ON mail_queue(next_unix_ms);"                                    \
    "CREATE TABLE notices_quiet("                                                                  \
    " user_no INTEGER PRIMARY KEY,"                                                                \
    " until_unix_ms INTEGER NOT NULL) STRICT;"

#define SQL_MAIL(X)                                                                                \
    X(MAIL_ADD, "INSERT INTO mail_queue(kind, account_id, email, letters, created_unix_ms,"        \
                " next_unix_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?5)")                                   \
    X(MAIL_DUE, "SELECT id, kind, account_id, email, letters, created_unix_ms, attempts"           \
                " FROM mail_queue WHERE next_unix_ms <= ?1 ORDER BY next_unix_ms, id LIMIT 1")     \
    X(MAIL_NEXT, "SELECT min(next_unix_ms) FROM mail_queue")                                       \
    X(MAIL_WAITING, "SELECT count(*), min(created_unix_ms) FROM mail_queue")                       \
    X(MAIL_POSTPONE, "UPDATE mail_queue SET attempts = attempts + 1, next_unix_ms = ?2"            \
                     " WHERE id = ?1")                                                             \
    X(MAIL_TO_END, "UPDATE mail_queue SET next_unix_ms = ?2 WHERE id = ?1")                        \
    X(MAIL_ERASE, "DELETE FROM mail_queue WHERE account_id = ?1")                                  \
    X(MAIL_REMOVE, "DELETE FROM mail_queue WHERE id = ?1")                                         \
    X(NOTICES_READY,                                                                               \
      "SELECT d.user_no, d.count, u.id, u.email FROM notices_due d JOIN users u ON u.no ="         \
      " d.user_no LEFT JOIN notices_quiet q ON q.user_no = d.user_no"                              \
      " WHERE coalesce(q.until_unix_ms, 0) <= ?1 LIMIT 1")                                         \
    X(NOTICES_NEXT, "SELECT min(coalesce(q.until_unix_ms, 0)) FROM notices_due d"                  \
                    " LEFT JOIN notices_quiet q ON q.user_no = d.user_no")                         \
    X(NOTICES_TAKE, "DELETE FROM notices_due WHERE user_no = ?1")                                  \
    X(NOTICES_QUIET, "INSERT INTO notices_quiet(user_no, until_unix_ms) VALUES(?1, ?2)"            \
                     " ON CONFLICT(user_no) DO UPDATE SET until_unix_ms = ?2")                     \
    X(NOTICES_QUIET_OVER, "DELETE FROM notices_quiet WHERE until_unix_ms <= ?1")

#endif
