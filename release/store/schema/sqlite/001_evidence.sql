-- +goose Up
CREATE TABLE evidence (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    kind     TEXT    NOT NULL,
    service  TEXT    NOT NULL,
    digest   TEXT    NOT NULL,
    received INTEGER NOT NULL, -- microseconds since 1970, as all times
    summary  TEXT    NOT NULL, -- JSON
    checksum BLOB    NOT NULL  -- SHA-256 of the summary
);
CREATE INDEX evidence_subject  ON evidence (service, digest, seq, id);
CREATE INDEX evidence_service  ON evidence (service, seq, digest, id);
CREATE INDEX evidence_received ON evidence (received);

CREATE TABLE documents (
    id      TEXT    NOT NULL PRIMARY KEY,
    size    INTEGER NOT NULL, -- of what content holds
    content BLOB    NOT NULL  -- zstd (RFC 8878)
);

CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    what    TEXT    NOT NULL,
    service TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    object  TEXT    NOT NULL
);
CREATE INDEX events_at ON events (at);
