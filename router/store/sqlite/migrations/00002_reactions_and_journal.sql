-- +goose Up
PRAGMA user_version = 2;

CREATE TABLE reactions (
	id            INTEGER PRIMARY KEY,
	target        INTEGER NOT NULL, -- the place of the message
	target_thread TEXT,
	message       TEXT NOT NULL,
	place         INTEGER NOT NULL, -- where the person put it
	thread        TEXT,
	person        TEXT NOT NULL,
	emoji         TEXT NOT NULL,
	at            INTEGER NOT NULL -- when it was stored
);
CREATE UNIQUE INDEX reaction_targets ON reactions (message, target, place, person, emoji);

CREATE TABLE journal (
	seq     INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	key     TEXT NOT NULL,
	at      INTEGER NOT NULL, -- when it was stored
	body    BLOB NOT NULL
);
CREATE UNIQUE INDEX journal_keys ON journal (account, key);
CREATE INDEX journal_accounts ON journal (account); -- each in order of seq
