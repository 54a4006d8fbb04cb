-- The record's own tables. Everything else in the file is a current table, which can be rebuilt from `entry`.
-- docs/record-format.md says what is hashed.

CREATE TABLE about ( -- what the store says of itself, for ever
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chain ( -- names of the chains: trial, sealed, site/…
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE stream ( -- names of the streams: participant/…, stock/…
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE act ( -- every command that was answered, by the id that its client gave
  id INTEGER PRIMARY KEY,
  command TEXT NOT NULL UNIQUE,
  digest BLOB NOT NULL,          -- SHA-256 of who asked what
  recorded_at INTEGER NOT NULL,  -- microseconds since 1970, UTC
  first_entry INTEGER,           -- the act's entries are entry.id first_entry … first_entry + entries - 1
  entries INTEGER NOT NULL,
  answer BLOB,                   -- what was answered where nothing was appended
  hash BLOB NOT NULL             -- over this row and the hash of the one before it; the first goes on from `about`
) STRICT;

CREATE TABLE entry ( -- the log
  id INTEGER PRIMARY KEY,        -- order of the record
  chain INTEGER NOT NULL REFERENCES chain (id),
  position INTEGER NOT NULL,
  stream INTEGER NOT NULL REFERENCES stream (id),
  version INTEGER NOT NULL,
  act INTEGER NOT NULL REFERENCES act (id),
  recorded_at INTEGER NOT NULL,  -- microseconds since 1970, UTC; the body says the same
  heads TEXT,                    -- canonical JSON; null where it is {}
  body TEXT NOT NULL,            -- canonical JSON
  hash BLOB NOT NULL,
  UNIQUE (chain, position),
  UNIQUE (stream, version)
) STRICT;

CREATE VIEW record AS -- the log as people read it
SELECT entry.id AS number, chain.name AS chain, entry.position, stream.name AS stream, entry.version, act.command,
  (SELECT key FROM json_each(entry.body, '$.entry')) AS kind,
  json_extract(entry.body, '$.stamp.at') AS happened_at,
  json_extract(entry.body, '$.stamp.recorded_at') AS recorded_at,
  coalesce(json_extract(entry.body, '$.stamp.by.person.staff'),
    json_extract(entry.body, '$.stamp.by.person.participant'),
    json_extract(entry.body, '$.stamp.by.person')) AS recorded_by,
  json_extract(entry.body, '$.stamp.by.role') AS role,
  json_extract(entry.body, '$.stamp.reason') AS reason,
  json_extract(entry.body, '$.stamp.study') AS study,
  json_extract(entry.body, '$.stamp.program') AS program,
  coalesce(entry.heads, '{}') AS heads, entry.body, lower(hex(entry.hash)) AS hash
FROM entry JOIN chain ON chain.id = entry.chain JOIN stream ON stream.id = entry.stream JOIN act ON act.id = entry.act;

-- Guards. They refuse a hand with SQL too; whoever takes them away is found by `verify`.
CREATE TRIGGER entry_never_changes BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never changed: correct it with a new entry that names it'); END;

CREATE TRIGGER entry_never_goes BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted: correct it with a new entry that names it'); END;

-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER entry_comes_last BEFORE INSERT ON entry
WHEN NEW.id <= (SELECT max(id) FROM entry)
  OR NEW.position <> 1 + coalesce((SELECT max(position) FROM entry WHERE chain = NEW.chain), 0)
  OR NEW.version <> 1 + coalesce((SELECT max(version) FROM entry WHERE stream = NEW.stream), 0)
BEGIN SELECT RAISE(ABORT, 'an entry is only ever appended: position and version must be the next ones'); END;

CREATE TRIGGER about_never_changes BEFORE UPDATE ON about
BEGIN SELECT RAISE(ABORT, 'what the store says of itself is never changed'); END;

CREATE TRIGGER about_never_goes BEFORE DELETE ON about
BEGIN SELECT RAISE(ABORT, 'what the store says of itself is never deleted'); END;

CREATE TRIGGER about_is_said_once BEFORE INSERT ON about
WHEN EXISTS (SELECT 1 FROM about WHERE name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'what the store says of itself is never changed'); END;

CREATE TRIGGER act_never_changes BEFORE UPDATE ON act
BEGIN SELECT RAISE(ABORT, 'an answer is never changed'); END;

CREATE TRIGGER act_never_goes BEFORE DELETE ON act
BEGIN SELECT RAISE(ABORT, 'an answer is never deleted'); END;

CREATE TRIGGER act_comes_last BEFORE INSERT ON act
WHEN NEW.id <= (SELECT max(id) FROM act)
BEGIN SELECT RAISE(ABORT, 'an answer is only ever appended'); END;

CREATE TABLE current_tables ( -- the current tables that the file holds, and by which definition
  name TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who the people are. Apart from the log, sealed, erasable.
CREATE TABLE person (
  participant TEXT PRIMARY KEY,
  key BLOB NOT NULL, -- the participant's own key, sealed under the store's key, which is not in this file
  sum BLOB NOT NULL  -- SHA-256 over the row, as in the two tables below: a damaged one is found without the key
) STRICT, WITHOUT ROWID;

CREATE TABLE person_value (
  participant TEXT NOT NULL,
  field TEXT NOT NULL,
  value BLOB NOT NULL, -- sealed under the participant's own key
  sum BLOB NOT NULL,
  PRIMARY KEY (participant, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_token (
  token BLOB NOT NULL, -- keyed hash of a search word
  participant TEXT NOT NULL,
  PRIMARY KEY (token, participant)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_token_participant ON person_token (participant);

CREATE TABLE person_erased (
  participant TEXT PRIMARY KEY,
  erased_at INTEGER NOT NULL -- microseconds since 1970, UTC
) STRICT, WITHOUT ROWID;

CREATE TABLE person_document (
  participant TEXT NOT NULL,
  sha256 BLOB NOT NULL, -- of the plain bytes; the chain names it
  sealed BLOB NOT NULL, -- under the participant's own key
  sum BLOB NOT NULL,
  PRIMARY KEY (participant, sha256)
) STRICT;
