-- A warning that is an error.
CREATE TABLE t (id INT NOT NULL, b INT NOT NULL) WITH ('skip_unused_columns' = 'false');
CREATE VIEW v AS SELECT id FROM t ORDER BY id;
SET FELDERA_WARNINGS_ARE_ERRORS = ON;
