/* The table of the embedded backend for uploads: schema and statements. */
#ifndef LETTERLOCK_EMBEDDED_SQL_UPLOADS_H
#define LETTERLOCK_EMBEDDED_SQL_UPLOADS_H

/* Version 3 of the schema. The state is sealed (core/upload_state.h) and comes last. */
#define SCHEMA_UPLOADS                                                                             \
    "CREATE TABLE uploads("                                                                        \
    " id BLOB PRIMARY KEY,"                                                                        \
    " owner_id BLOB NOT NULL,"                                                                     \
    " length INTEGER NOT NULL,"                                                                    \
    " version INTEGER NOT NULL,"                                                                   \
    " expires_ms INTEGER NOT NULL,"                                                                \
    " done INTEGER NOT NULL,"                                                                      \
    " draft TEXT NOT NULL,"                                                                        \
    " state BLOB NOT NULL) STRICT;"                                                                \
    "CREATE INDEX uploads_owner ON uploads(owner_id, done, expires_ms, length);"                   \
    "CREATE INDEX uploads_expiry ON uploads(expires_ms);"

#define SQL_UPLOADS(X)                                                                             \
    X(UPLOADS_OPEN, "SELECT count(*), coalesce(sum(length), 0) FROM uploads"                       \
                    " WHERE owner_id = ?1 AND done = 0 AND expires_ms > ?2")                       \
    X(UPLOAD_INSERT, "INSERT INTO uploads(id, owner_id, length, version, expires_ms, done, draft," \
                     " state) VALUES(?1, ?2, ?3, 1, ?4, 0, ?5, ?6)")                               \
    X(UPLOAD_GET, "SELECT id, owner_id, length, version, expires_ms, done, draft, state"           \
                  " FROM uploads WHERE id = ?1 AND owner_id = ?2")                                 \
    X(UPLOAD_PUT, "UPDATE uploads SET version = version + 1, done = ?4, draft = ?5, state = ?6"    \
                  " WHERE id = ?1 AND owner_id = ?2 AND version = ?3 - 1")                         \
    X(UPLOAD_DELETE, "DELETE FROM uploads WHERE id = ?1 AND owner_id = ?2")                        \
    X(UPLOADS_EXPIRED, "SELECT id, owner_id, length, version, expires_ms, done, draft"             \
                       " FROM uploads WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2")        \
    X(UPLOAD_EXISTS, "SELECT 1 FROM uploads WHERE id = ?1")

#endif
