/**
 * What migrations of an application may make besides plain tables: types of its own, tables without a key, in parts, of a
 * family, that refer to each other, that hide rows from their owner, and what acts on rows that are written.
 */
export const OF_ALL_KINDS = `
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE DOMAIN short AS text CHECK (length(VALUE) < 100);
  CREATE TABLE "Odd one" (t mood, line short, "r" int, n int GENERATED ALWAYS AS ("r" * 2) VIRTUAL);
  CREATE TABLE teams (id int PRIMARY KEY, lead int NOT NULL);
  CREATE TABLE people (id int PRIMARY KEY, team int NOT NULL REFERENCES teams DEFERRABLE, boss int REFERENCES people);
  CREATE TABLE parts (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
  CREATE TABLE parts1 PARTITION OF parts FOR VALUES IN (1);
  CREATE TABLE parts2 PARTITION OF parts FOR VALUES IN (2);
  CREATE TABLE bits (id int, part int, FOREIGN KEY (id, part) REFERENCES parts);
  CREATE TABLE zones (id int PRIMARY KEY) PARTITION BY LIST (id);
  CREATE TABLE zones1 PARTITION OF zones FOR VALUES IN (1);
  CREATE TABLE areas (zone int REFERENCES zones) PARTITION BY LIST (zone);
  CREATE TABLE areas1 PARTITION OF areas FOR VALUES IN (1);
  CREATE TABLE steps (id int GENERATED ALWAYS AS IDENTITY, year int, month int, next int, team int NOT NULL REFERENCES teams,
    PRIMARY KEY (id, year, month), FOREIGN KEY (next, year, month) REFERENCES steps) PARTITION BY LIST (year);
  CREATE TABLE steps1 PARTITION OF steps FOR VALUES IN (1) PARTITION BY RANGE (month);
  CREATE TABLE steps1h1 PARTITION OF steps1 FOR VALUES FROM (1) TO (7);
  CREATE TABLE steps1h2 PARTITION OF steps1 DEFAULT;
  CREATE TABLE steps2 PARTITION OF steps FOR VALUES IN (2);
  CREATE TABLE parents (a int);
  CREATE TABLE children (b int) INHERITS (parents);
  CREATE TABLE hidden (a int);
  CREATE TABLE late (team int REFERENCES teams DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE log (what text);
  CREATE MATERIALIZED VIEW moods AS SELECT t, count(*) FROM "Odd one" GROUP BY t;
  INSERT INTO "Odd one" VALUES ('glad', 'a', 1), ('glad', 'a', 1), (NULL, NULL, NULL);
  INSERT INTO teams VALUES (1, 1), (2, 2);
  INSERT INTO people VALUES (1, 1, 2), (2, 2, 1);
  ALTER TABLE teams ADD CONSTRAINT leads FOREIGN KEY (lead) REFERENCES people;
  INSERT INTO parts VALUES (1, 1), (2, 2); INSERT INTO bits VALUES (1, 1), (2, 2);
  INSERT INTO zones VALUES (1); INSERT INTO areas VALUES (1);
  INSERT INTO steps (year, month, next, team) VALUES (1, 1, 2, 1), (1, 1, NULL, 2), (1, 8, NULL, 1), (2, 1, NULL, 2);
  INSERT INTO parents VALUES (1); INSERT INTO children VALUES (2, 3);
  INSERT INTO hidden VALUES (1), (2); INSERT INTO late VALUES (1);
  ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
  CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO log VALUES (TG_OP || TG_TABLE_NAME); RETURN coalesce(NEW, OLD); END $$;
  CREATE TRIGGER logs BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION logged();
  CREATE TRIGGER logs BEFORE INSERT OR DELETE ON teams FOR EACH ROW EXECUTE FUNCTION logged();
  CREATE TRIGGER cleared BEFORE TRUNCATE ON teams EXECUTE FUNCTION logged();
  ALTER TABLE teams ENABLE ALWAYS TRIGGER logs, DISABLE TRIGGER cleared;
  CREATE TRIGGER logs AFTER INSERT ON steps FOR EACH ROW EXECUTE FUNCTION logged();
  CREATE TRIGGER alone AFTER INSERT ON steps1h2 FOR EACH ROW EXECUTE FUNCTION logged();
  CREATE TRIGGER cleared AFTER TRUNCATE ON steps EXECUTE FUNCTION logged();
  CREATE TRIGGER cleared AFTER TRUNCATE ON steps1 EXECUTE FUNCTION logged();
  ALTER TABLE steps1h1 DISABLE TRIGGER logs;
  ALTER TABLE steps2 ENABLE ALWAYS TRIGGER logs;
  CREATE CONSTRAINT TRIGGER later AFTER INSERT ON bits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION logged();
  CREATE RULE none AS ON INSERT TO late DO INSTEAD NOTHING;
  REFRESH MATERIALIZED VIEW moods`;
export const LOST_OF_ALL_KINDS = `
  ALTER TABLE hidden NO FORCE ROW LEVEL SECURITY;
  DELETE FROM hidden; DELETE FROM "Odd one"; DELETE FROM children; DELETE FROM bits; DELETE FROM parts WHERE part = 1; DELETE FROM log;
  ALTER TABLE hidden FORCE ROW LEVEL SECURITY; DELETE FROM late; UPDATE people SET boss = NULL;
  DELETE FROM areas; DELETE FROM zones; DELETE FROM steps WHERE month = 1;
  INSERT INTO log VALUES ('later'); REFRESH MATERIALIZED VIEW moods`;
const IN_PARTS = ['parts', 'bits', 'zones', 'areas', 'steps'];
export const KINDS = ['"Odd one"', 'teams', 'people', ...IN_PARTS, 'ONLY parents', 'children', 'late', 'log', 'moods'];
export const ROWS_OF_KINDS = 3 + 2 + 2 + 2 + 2 + 1 + 1 + 4 + 1 + 1 + 2 + 1 + 0;
