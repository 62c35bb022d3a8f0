-- Statements that declare nothing that is computed. What SET sets holds wherever it stands.
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, x INT, parent INT FOREIGN KEY REFERENCES later(id));
CREATE INDEX by_x ON v (x, "N");
CREATE MATERIALIZED VIEW v AS SELECT x, COUNT(*) AS "N" FROM t GROUP BY x;
CREATE INDEX by_id ON t (id);
CREATE LOCAL VIEW hidden AS SELECT id FROM t ORDER BY id;
CREATE INDEX of_hidden ON hidden (id);
CREATE TABLE later (id INT NOT NULL PRIMARY KEY);
CREATE TABLE wide (a INT, b VARCHAR, c INT NOT NULL DEFAULT 7) WITH ('skip_unused_columns' = 'true');
CREATE VIEW narrow AS SELECT a FROM wide;
CREATE VIEW precise AS SELECT CAST('10:00:00' AS TIME(3)) AS noon;
SET FELDERA_IGNORE_WARNING_precision_ignored = ON;
SET ENFORCE_POSITIVE_INPUTS = 'ON';
