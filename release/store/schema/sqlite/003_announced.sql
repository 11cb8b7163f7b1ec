-- +goose Up
-- When a release was announced, 0 where it was asked about alone, and where it goes.
ALTER TABLE releases ADD COLUMN announced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE releases ADD COLUMN environment TEXT NOT NULL DEFAULT '';
