-- +goose Up
CREATE INDEX events_service ON events (service, id);
