/* The key tables of the embedded backend: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_KEYS_H
#define LETTERLOCK_EMBEDDED_SQL_KEYS_H

/* Version 1 of the schema, run once by migrate.c. state is enum key_state; a lost key keeps its
 * point, so that its letters can be told from foreign ones. */
#define SCHEMA_KEYS                                                                                \
    "CREATE TABLE user_keys("                                                                      \
    " no INTEGER PRIMARY KEY,"                                                                     \
    " id BLOB NOT NULL UNIQUE,"                                                                    \
    " user_id BLOB NOT NULL,"                                                                      \
    " point BLOB NOT NULL,"                                                                        \
    " private_key BLOB,"                                                                           \
    " state INTEGER NOT NULL,"                                                                     \
    " created_ms INTEGER NOT NULL,"                                                                \
    " lost_ms INTEGER NOT NULL) STRICT;"                                                           \
    "CREATE INDEX user_keys_user ON user_keys(user_id);"                                           \
    "CREATE INDEX user_keys_pending ON user_keys(user_id) WHERE state = 0;"

#define KEY_COLUMNS "id, point, private_key, state, created_ms, lost_ms"

#define SQL_KEYS(X)                                                                                \
    X(KEY_ADD,                                                                                     \
      "INSERT INTO user_keys(id, user_id, point, private_key, state, created_ms, lost_ms)"         \
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0)")                                                        \
    X(KEYS_OF_USER, "SELECT " KEY_COLUMNS " FROM user_keys WHERE user_id = ?1 ORDER BY no DESC")   \
    X(KEY_IS_LOST, "SELECT 1 FROM user_keys WHERE id = ?1 AND state = 2")                          \
    X(KEYS_PUBLISH, "UPDATE user_keys SET state = 1 WHERE user_id = ?1 AND state = 0")             \
    X(KEYS_LOSE, "UPDATE user_keys SET state = 2, private_key = NULL, lost_ms = ?2"                \
                 " WHERE user_id = ?1 AND state <> 2")                                             \
    X(KEYS_ORPHANED, "DELETE FROM user_keys WHERE state = 0"                                       \
                     " AND user_id NOT IN (SELECT id FROM accounts)")                              \
    X(KEYS_ERASE, "DELETE FROM user_keys WHERE user_id = ?1")

#endif
