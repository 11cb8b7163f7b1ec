-- +goose Up
CREATE TABLE evidence (
    seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       TEXT COLLATE "C" NOT NULL UNIQUE,
    kind     TEXT COLLATE "C" NOT NULL,
    service  TEXT COLLATE "C" NOT NULL,
    digest   TEXT COLLATE "C" NOT NULL,
    received BIGINT NOT NULL, -- microseconds since 1970, as all times
    summary  TEXT COLLATE "C" NOT NULL, -- JSON
    checksum BYTEA    NOT NULL  -- SHA-256 of the summary
);
CREATE INDEX evidence_subject  ON evidence (service, digest, seq, id);
CREATE INDEX evidence_service  ON evidence (service, seq, digest, id);
CREATE INDEX evidence_received ON evidence (received);

CREATE TABLE documents (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    size    BIGINT NOT NULL, -- of what content holds
    content BYTEA    NOT NULL  -- zstd (RFC 8878)
);

CREATE TABLE events (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    what    TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    object  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX events_at ON events (at);

-- It is compressed already.
ALTER TABLE documents ALTER COLUMN content SET STORAGE EXTERNAL;
