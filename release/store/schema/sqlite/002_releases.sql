-- +goose Up
CREATE TABLE releases (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    service     TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    base        TEXT    NOT NULL,
    since       INTEGER NOT NULL,
    ended       INTEGER NOT NULL, -- 0 while it is open
    record      INTEGER NOT NULL, -- the newest, 0 for none
    fingerprint TEXT    NOT NULL, -- of the newest record
    body        TEXT    NOT NULL  -- JSON of the deployment
);
CREATE UNIQUE INDEX releases_open    ON releases (service, digest) WHERE ended = 0;
CREATE INDEX        releases_service ON releases (service, id);
CREATE INDEX        releases_ended   ON releases (ended);

CREATE TABLE records (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    service  TEXT    NOT NULL,
    digest   TEXT    NOT NULL,
    decision TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    asked    INTEGER NOT NULL,
    body     TEXT    NOT NULL, -- JSON of the verdict as it was given first
    newest   TEXT    NOT NULL  -- and last
);
CREATE INDEX records_service ON records (service, id);
CREATE INDEX records_last_at ON records (last_at);

-- What the newest record of an open release rests on.
CREATE TABLE pins (
    release_id  INTEGER NOT NULL,
    evidence_id TEXT    NOT NULL,
    PRIMARY KEY (release_id, evidence_id)
);
CREATE INDEX pins_evidence ON pins (evidence_id);

CREATE TABLE overrides (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    service  TEXT    NOT NULL,
    digest   TEXT    NOT NULL,
    until_at INTEGER NOT NULL,
    revoked  INTEGER NOT NULL, -- 0 where it was not
    body     TEXT    NOT NULL
);
CREATE INDEX overrides_subject ON overrides (service, digest, until_at);

CREATE TABLE stops (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    until_at INTEGER NOT NULL, -- 9223372036854775807 while it lasts
    body     TEXT    NOT NULL
);
CREATE INDEX stops_until ON stops (until_at);

CREATE TABLE observations (
    service TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    base    TEXT    NOT NULL,
    metric  TEXT    NOT NULL,
    from_at INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (service, digest, base, metric, from_at)
);
CREATE INDEX observations_from ON observations (from_at);

CREATE TABLE policies (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT    NOT NULL UNIQUE,
    name   TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    body   TEXT    NOT NULL
);

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    service TEXT    NOT NULL,
    object  TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    refused INTEGER NOT NULL
);
CREATE INDEX audit_at ON audit (at);

CREATE TABLE leases (
    name     TEXT    NOT NULL PRIMARY KEY,
    owner    TEXT    NOT NULL,
    until_at INTEGER NOT NULL
);
