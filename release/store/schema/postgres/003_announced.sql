-- +goose Up
-- When a release was announced, 0 where it was asked about alone, and where it goes.
ALTER TABLE releases
    ADD COLUMN announced bigint NOT NULL DEFAULT 0,
    ADD COLUMN environment text NOT NULL DEFAULT '';
