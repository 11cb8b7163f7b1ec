-- +goose Up
CREATE TABLE releases (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service     TEXT COLLATE "C" NOT NULL,
    digest      TEXT COLLATE "C" NOT NULL,
    base        TEXT COLLATE "C" NOT NULL,
    since       BIGINT NOT NULL,
    ended       BIGINT NOT NULL, -- 0 while it is open
    record      BIGINT NOT NULL, -- the newest, 0 for none
    fingerprint TEXT COLLATE "C" NOT NULL, -- of the newest record
    body        TEXT COLLATE "C" NOT NULL  -- JSON of the deployment
);
CREATE UNIQUE INDEX releases_open    ON releases (service, digest) WHERE ended = 0;
CREATE INDEX        releases_service ON releases (service, id);
CREATE INDEX        releases_ended   ON releases (ended);

CREATE TABLE records (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service  TEXT COLLATE "C" NOT NULL,
    digest   TEXT COLLATE "C" NOT NULL,
    decision TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    asked    BIGINT NOT NULL,
    body     TEXT COLLATE "C" NOT NULL, -- JSON of the verdict as it was given first
    newest   TEXT COLLATE "C" NOT NULL  -- and last
);
CREATE INDEX records_service ON records (service, id);
CREATE INDEX records_last_at ON records (last_at);

-- What the newest record of an open release rests on.
CREATE TABLE pins (
    release_id  BIGINT NOT NULL,
    evidence_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (release_id, evidence_id)
);
CREATE INDEX pins_evidence ON pins (evidence_id);

CREATE TABLE overrides (
    seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       TEXT COLLATE "C" NOT NULL UNIQUE,
    service  TEXT COLLATE "C" NOT NULL,
    digest   TEXT COLLATE "C" NOT NULL,
    until_at BIGINT NOT NULL,
    revoked  BIGINT NOT NULL, -- 0 where it was not
    body     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX overrides_subject ON overrides (service, digest, until_at);

CREATE TABLE stops (
    seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       TEXT COLLATE "C" NOT NULL UNIQUE,
    until_at BIGINT NOT NULL, -- 9223372036854775807 while it lasts
    body     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX stops_until ON stops (until_at);

CREATE TABLE observations (
    service TEXT COLLATE "C" NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    base    TEXT COLLATE "C" NOT NULL,
    metric  TEXT COLLATE "C" NOT NULL,
    from_at BIGINT NOT NULL,
    body    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (service, digest, base, metric, from_at)
);
CREATE INDEX observations_from ON observations (from_at);

CREATE TABLE policies (
    seq    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    name   TEXT COLLATE "C" NOT NULL,
    at     BIGINT NOT NULL,
    body   TEXT COLLATE "C" NOT NULL
);

CREATE TABLE audit (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    who     TEXT COLLATE "C" NOT NULL,
    action  TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    object  TEXT COLLATE "C" NOT NULL,
    detail  TEXT COLLATE "C" NOT NULL,
    refused BIGINT NOT NULL
);
CREATE INDEX audit_at ON audit (at);

CREATE TABLE leases (
    name     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner    TEXT COLLATE "C" NOT NULL,
    until_at BIGINT NOT NULL
);
