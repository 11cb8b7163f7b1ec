-- +goose Up
-- Where the newest event of an image, and of a service, is.
CREATE INDEX events_image ON events (service, digest, id);
CREATE INDEX events_service ON events (service, id);
