-- A column that is to be left out needs a value.
CREATE TABLE t (a INT, b INT NOT NULL, c INT NOT NULL DEFAULT 1) WITH ('skip_unused_columns' = 'true');
CREATE VIEW v AS SELECT a FROM t;
