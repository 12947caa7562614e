/* The identity tables of the embedded backend: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_IDENTITY_H
#define LETTERLOCK_EMBEDDED_SQL_IDENTITY_H

/* Version 1 of the schema, run once by migrate.c.
 *
 * accounts: state is enum account_state. authenticator is SHA-256 of the authentication secret; the
 * ring key stands sealed under the password's wrapping key and under the recovery key. confirmed_by
 * is the hash of the code that confirmed the account, for a client whose answer was lost.
 *
 * A taken address has a second, unconfirmed account whose email is no address (identity_sign_up.c).
 *
 * sessions: family is SHA-256 of the secret that all refresh tokens of a session share, current and
 * previous are SHA-256 of the parts that rotate, successor is the current part sealed under the
 * previous one; ring is the ring key sealed under the custody
 * secret, NULL for sessions that cannot open.
 *
 * signing_keys and identity_secret authenticate; neither opens letters. */
#define SCHEMA_IDENTITY                                                                            \
    "CREATE TABLE accounts("                                                                       \
    " no INTEGER PRIMARY KEY,"                                                                     \
    " id BLOB NOT NULL UNIQUE,"                                                                    \
    " username TEXT NOT NULL UNIQUE,"                                                              \
    " email TEXT NOT NULL UNIQUE,"                                                                 \
    " state INTEGER NOT NULL,"                                                                     \
    " created_ms INTEGER NOT NULL,"                                                                \
    " authenticator BLOB NOT NULL,"                                                                \
    " salt BLOB NOT NULL,"                                                                         \
    " memory_kib INTEGER NOT NULL,"                                                                \
    " passes INTEGER NOT NULL,"                                                                    \
    " lanes INTEGER NOT NULL,"                                                                     \
    " ring_by_password BLOB NOT NULL,"                                                             \
    " ring_by_recovery BLOB,"                                                                      \
    " confirmed_by BLOB) STRICT;"                                                                  \
    "CREATE INDEX accounts_unconfirmed ON accounts(created_ms) WHERE state = 0;"                   \
    "CREATE TABLE codes("                                                                          \
    " account_id BLOB NOT NULL,"                                                                   \
    " purpose INTEGER NOT NULL,"                                                                   \
    " hash BLOB NOT NULL,"                                                                         \
    " tries INTEGER NOT NULL,"                                                                     \
    " expires_ms INTEGER NOT NULL,"                                                                \
    " PRIMARY KEY(account_id, purpose)) STRICT, WITHOUT ROWID;"                                    \
    "CREATE TABLE sessions("                                                                       \
    " no INTEGER PRIMARY KEY,"                                                                     \
    " id BLOB NOT NULL UNIQUE,"                                                                    \
    " account_id BLOB NOT NULL,"                                                                   \
    " created_ms INTEGER NOT NULL,"                                                                \
    " used_ms INTEGER NOT NULL,"                                                                   \
    " expires_ms INTEGER NOT NULL,"                                                                \
    " client TEXT NOT NULL,"                                                                       \
    " family BLOB NOT NULL,"                                                                       \
    " current BLOB NOT NULL,"                                                                      \
    " previous BLOB,"                                                                              \
    " rotated_ms INTEGER NOT NULL,"                                                                \
    " successor BLOB,"                                                                             \
    " ring BLOB) STRICT;"                                                                          \
    "CREATE INDEX sessions_account ON sessions(account_id);"                                       \
    "CREATE INDEX sessions_expiry ON sessions(expires_ms);"                                        \
    "CREATE TABLE signing_keys("                                                                   \
    " no INTEGER PRIMARY KEY,"                                                                     \
    " kid TEXT NOT NULL UNIQUE,"                                                                   \
    " private_key BLOB NOT NULL,"                                                                  \
    " created_ms INTEGER NOT NULL) STRICT;"                                                        \
    "CREATE TABLE identity_secret("                                                                \
    " no INTEGER PRIMARY KEY CHECK(no = 1),"                                                       \
    " secret BLOB NOT NULL) STRICT;"                                                               \
    "CREATE TABLE invites("                                                                        \
    " hash BLOB PRIMARY KEY,"                                                                      \
    " created_ms INTEGER NOT NULL,"                                                                \
    " expires_ms INTEGER NOT NULL,"                                                                \
    " note TEXT NOT NULL) STRICT, WITHOUT ROWID;"                                                  \
    "CREATE TABLE throttles("                                                                      \
    " key BLOB PRIMARY KEY,"                                                                       \
    " failures INTEGER NOT NULL,"                                                                  \
    " last_ms INTEGER NOT NULL,"                                                                   \
    " until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

/* The second factor. totp is its secret, asked for only while totp_on; totp_step is the
 * step of the last code that was taken. The server alone can read it (identity_totp.c says why). */
#define SCHEMA_TOTP                                                                                \
    "ALTER TABLE accounts ADD COLUMN totp BLOB;"                                                   \
    "ALTER TABLE accounts ADD COLUMN totp_on INTEGER NOT NULL DEFAULT 0;"                          \
    "ALTER TABLE accounts ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;"

#define ACCOUNT_COLUMNS                                                                            \
    "id, username, email, state, created_ms, authenticator, salt, memory_kib, passes, lanes,"      \
    " ring_by_password, ring_by_recovery, confirmed_by, totp, totp_on, totp_step"
#define SESSION_COLUMNS                                                                            \
    "s.id, s.account_id, s.created_ms, s.used_ms, s.expires_ms, s.client, s.family, s.current,"    \
    " s.previous, s.rotated_ms, s.successor, s.ring"

#define SQL_IDENTITY(X)                                                                            \
    X(ACCOUNT_ADD,                                                                                 \
      "INSERT INTO accounts(" ACCOUNT_COLUMNS                                                      \
      ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, NULL, NULL, NULL, 0, 0)")            \
    X(ACCOUNT_BY_ID, "SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE id = ?1")                     \
    X(ACCOUNT_BY_NAME, "SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE username = ?1")             \
    X(ACCOUNT_BY_EMAIL, "SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE email = ?1")               \
    X(ACCOUNT_DROP_STALE, "DELETE FROM accounts WHERE (username = ?1 OR email = ?2)"               \
                          " AND state = 0 AND created_ms < ?3")                                    \
    X(ACCOUNTS_UNCONFIRMED, "DELETE FROM accounts WHERE state = 0 AND created_ms < ?1")            \
    X(ACCOUNT_CONFIRM, "UPDATE accounts SET state = 1, confirmed_by = ?2 WHERE id = ?1"            \
                       " AND state = 0")                                                           \
    X(ACCOUNT_SET_STATE, "UPDATE accounts SET state = ?2 WHERE id = ?1 AND state <> 0")            \
    X(ACCOUNT_SET_PASSWORD,                                                                        \
      "UPDATE accounts SET authenticator = ?2, salt = ?3, memory_kib = ?4, passes = ?5,"           \
      " lanes = ?6, ring_by_password = ?7 WHERE id = ?1")                                          \
    X(ACCOUNT_SET_RECOVERY, "UPDATE accounts SET ring_by_recovery = ?2 WHERE id = ?1")             \
    X(ACCOUNT_SET_TOTP,                                                                            \
      "UPDATE accounts SET totp = ?2, totp_on = ?3, totp_step = ?4 WHERE id = ?1")                 \
    X(ACCOUNT_ERASE, "DELETE FROM accounts WHERE id = ?1")                                         \
    X(ACCOUNTS_LIST, "SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE username > ?1"                \
                     " AND instr(email, '@') > 0 ORDER BY username LIMIT ?2")                      \
    X(CODE_PUT, "INSERT OR REPLACE INTO codes(account_id, purpose, hash, tries, expires_ms)"       \
                " VALUES(?1, ?2, ?3, 0, ?4)")                                                      \
    X(CODE_GET,                                                                                    \
      "SELECT hash, tries, expires_ms FROM codes WHERE account_id = ?1 AND purpose = ?2")          \
    X(CODE_TRY, "UPDATE codes SET tries = tries + 1 WHERE account_id = ?1 AND purpose = ?2")       \
    X(CODE_DROP, "DELETE FROM codes WHERE account_id = ?1 AND purpose = ?2")                       \
    X(CODES_ERASE, "DELETE FROM codes WHERE account_id = ?1")                                      \
    X(CODES_EXPIRED, "DELETE FROM codes WHERE expires_ms < ?1")                                    \
    X(SESSION_ADD, "INSERT INTO sessions(id, account_id, created_ms, used_ms, expires_ms, client," \
                   " family, current, previous, rotated_ms, ring)"                                 \
                   " VALUES(?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, NULL, ?3, ?8)")                        \
    X(SESSION_GET, "SELECT " SESSION_COLUMNS ", a.state FROM sessions s JOIN accounts a"           \
                   " ON a.id = s.account_id WHERE s.id = ?1")                                      \
    X(SESSION_ROTATE, "UPDATE sessions SET used_ms = ?2, expires_ms = ?3, current = ?4,"           \
                      " previous = ?5, rotated_ms = ?6, successor = ?7 WHERE id = ?1")             \
    X(SESSIONS_LIST, "SELECT " SESSION_COLUMNS " FROM sessions s WHERE s.account_id = ?1"          \
                     " AND s.expires_ms > ?2 ORDER BY s.no DESC LIMIT 200")                        \
    X(SESSIONS_TRIM,                                                                               \
      "DELETE FROM sessions WHERE account_id = ?1 AND no NOT IN"                                   \
      " (SELECT no FROM sessions WHERE account_id = ?1 ORDER BY no DESC LIMIT 200)")               \
    X(SESSION_END, "DELETE FROM sessions WHERE id = ?1 AND account_id = ?2")                       \
    X(SESSIONS_END_ALL, "DELETE FROM sessions WHERE account_id = ?1 AND id <> ?2")                 \
    X(SESSIONS_EXPIRED, "DELETE FROM sessions WHERE expires_ms <= ?1")                             \
    X(SIGNING_KEYS, "SELECT kid, private_key, created_ms FROM signing_keys ORDER BY no DESC")      \
    X(SIGNING_KEY_ADD,                                                                             \
      "INSERT INTO signing_keys(kid, private_key, created_ms) VALUES(?1, ?2, ?3)")                 \
    X(SIGNING_KEYS_RETIRE, "DELETE FROM signing_keys WHERE no < (SELECT min(no) FROM signing_keys" \
                           " WHERE created_ms >= ?1)")                                             \
    X(SECRET_GET, "SELECT secret FROM identity_secret WHERE no = 1")                               \
    X(SECRET_ADD, "INSERT INTO identity_secret(no, secret) VALUES(1, ?1)")                         \
    X(INVITE_ADD,                                                                                  \
      "INSERT INTO invites(hash, created_ms, expires_ms, note) VALUES(?1, ?2, ?3, ?4)")            \
    X(INVITE_USE, "DELETE FROM invites WHERE hash = ?1 AND expires_ms > ?2")                       \
    X(INVITES_LIST, "SELECT hash, created_ms, expires_ms FROM invites WHERE expires_ms > ?1 AND"   \
                    " (created_ms, hash) > (?2, ?3) ORDER BY created_ms, hash LIMIT ?4")           \
    X(INVITES_EXPIRED, "DELETE FROM invites WHERE expires_ms <= ?1")                               \
    X(THROTTLE_GET, "SELECT failures, last_ms, until_ms FROM throttles WHERE key = ?1")            \
    X(THROTTLE_PUT, "INSERT OR REPLACE INTO throttles(key, failures, last_ms, until_ms)"           \
                    " VALUES(?1, ?2, ?3, ?4)")                                                     \
    X(THROTTLE_DROP, "DELETE FROM throttles WHERE key = ?1")                                       \
    X(THROTTLES_OLD,                                                                               \
      "DELETE FROM throttles WHERE (last_ms < ?1 AND until_ms < ?2) OR last_ms > ?3")              \
    X(ADMIN_USAGE, "SELECT u.quota_bytes, coalesce(g.bytes, 0) FROM users u LEFT JOIN usage g"     \
                   " ON g.user_no = u.no WHERE u.id = ?1")                                         \
    X(ADMIN_QUOTA, "UPDATE users SET quota_bytes = ?2 WHERE id = ?1")                              \
    X(ADMIN_USER_STATE, "UPDATE users SET state = ?2 WHERE id = ?1 AND state IN (1, 2)")

#endif
