-- What format 2 adds to format 1: guards of the names that the log's numbers stand for.
CREATE TRIGGER chain_never_changes BEFORE UPDATE ON chain
BEGIN SELECT RAISE(ABORT, 'the name of a chain is never changed: entries stand under it'); END;

CREATE TRIGGER chain_never_goes BEFORE DELETE ON chain
BEGIN SELECT RAISE(ABORT, 'the name of a chain is never deleted: entries stand under it'); END;

CREATE TRIGGER chain_is_named_once BEFORE INSERT ON chain
WHEN EXISTS (SELECT 1 FROM chain WHERE id = NEW.id OR name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'the name of a chain is never changed: entries stand under it'); END;

CREATE TRIGGER stream_never_changes BEFORE UPDATE ON stream
BEGIN SELECT RAISE(ABORT, 'the name of a stream is never changed: entries stand under it'); END;

CREATE TRIGGER stream_never_goes BEFORE DELETE ON stream
BEGIN SELECT RAISE(ABORT, 'the name of a stream is never deleted: entries stand under it'); END;

CREATE TRIGGER stream_is_named_once BEFORE INSERT ON stream
WHEN EXISTS (SELECT 1 FROM stream WHERE id = NEW.id OR name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'the name of a stream is never changed: entries stand under it'); END;
