-- +goose Up
PRAGMA application_id = 1380930388;
PRAGMA user_version = 1;

-- What this database knows of itself: its word, and the highest numbers that a sweep removed.
CREATE TABLE house (
	key   TEXT PRIMARY KEY,
	value NOT NULL
) WITHOUT ROWID;

-- Accounts, conversations and lanes by number, so that rows and indexes stay narrow.
CREATE TABLE names (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);

CREATE TABLE events (
	seq     INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	id      TEXT NOT NULL,
	at      INTEGER NOT NULL, -- when it was stored
	body    BLOB NOT NULL
);
CREATE UNIQUE INDEX event_ids ON events (account, id);

CREATE TABLE deliveries (
	id       INTEGER PRIMARY KEY,
	lane     INTEGER NOT NULL,
	place    INTEGER NOT NULL, -- the target without its thread
	account  INTEGER NOT NULL,
	source   INTEGER NOT NULL, -- a hash of Source; 0: none
	turn     INTEGER NOT NULL, -- place in the lane: the ID, or a later number after a replay
	state    INTEGER NOT NULL,
	due      INTEGER NOT NULL,
	tries    INTEGER NOT NULL,
	admitted INTEGER NOT NULL,
	first    INTEGER NOT NULL,
	settled  INTEGER NOT NULL,
	files    INTEGER NOT NULL, -- how many a post has
	reason   TEXT,
	matter   TEXT,             -- the case
	action   TEXT NOT NULL,
	body     BLOB NOT NULL,    -- the action
	rest     BLOB NOT NULL     -- what else never changes
);
-- It covers what the lanes in memory are made from, so opening reads no bodies.
CREATE INDEX waiting ON deliveries (source, lane, place, account, due, turn) WHERE state = 0;
CREATE INDEX unsent ON deliveries (state) WHERE state NOT IN (0, 2);
CREATE INDEX delivery_files ON deliveries (id) WHERE files > 0;
CREATE INDEX delivery_cases ON deliveries (matter) WHERE matter IS NOT NULL;

-- How many deliveries each state has.
CREATE TABLE counts (
	state INTEGER PRIMARY KEY,
	n     INTEGER NOT NULL
);

CREATE TABLE copies (
	id             INTEGER PRIMARY KEY,
	source         INTEGER NOT NULL, -- the place
	source_thread  TEXT,
	source_message TEXT NOT NULL,
	dest           INTEGER NOT NULL,
	dest_thread    TEXT,
	dest_message   TEXT NOT NULL,
	part           INTEGER NOT NULL,
	hops           INTEGER NOT NULL,
	at             INTEGER NOT NULL
);
-- Messages come first: their IDs grow with time on most platforms, so new entries share pages.
CREATE INDEX copy_sources ON copies (source_message, source);
CREATE INDEX copy_dests ON copies (dest_message, dest);

CREATE TABLE cases (
	num     INTEGER PRIMARY KEY,
	id      TEXT NOT NULL UNIQUE,
	desk    TEXT NOT NULL,
	account TEXT NOT NULL,
	person  TEXT NOT NULL,
	state   TEXT NOT NULL,
	until   INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	closed  INTEGER NOT NULL,
	body    BLOB NOT NULL
);
CREATE UNIQUE INDEX open_cases ON cases (desk, account, person) WHERE state <> 'closed';
CREATE INDEX contact_cases ON cases (desk, account, person);
CREATE INDEX changed_cases ON cases (changed);
CREATE INDEX closed_cases ON cases (closed) WHERE state = 'closed';
CREATE INDEX snoozed_cases ON cases (until) WHERE state = 'snoozed';

CREATE TABLE threads (
	at     INTEGER PRIMARY KEY, -- the thread's number in names
	matter INTEGER NOT NULL     -- the case's num
);
CREATE INDEX case_threads ON threads (matter);

CREATE TABLE contacts (
	desk    TEXT NOT NULL,
	account TEXT NOT NULL,
	person  TEXT NOT NULL,
	body    BLOB NOT NULL,
	PRIMARY KEY (desk, account, person)
) WITHOUT ROWID;

CREATE TABLE lines (
	num    INTEGER PRIMARY KEY,
	matter TEXT NOT NULL,
	ref    TEXT, -- NULL: a line that nothing replaces
	body   BLOB NOT NULL
);
CREATE UNIQUE INDEX line_refs ON lines (matter, ref) WHERE ref IS NOT NULL;
CREATE INDEX case_lines ON lines (matter);
-- Words are cut in Go and stand here with spaces between them; ascii keeps every other character as it is.
CREATE VIRTUAL TABLE words USING fts5 (body, content = '', contentless_delete = 1, tokenize = 'ascii');

CREATE TABLE kept (
	key   TEXT PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID;
