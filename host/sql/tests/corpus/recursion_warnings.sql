-- What is said of recursive views that are not.
CREATE TABLE e (a INT, b INT);
DECLARE RECURSIVE VIEW plain (x INT);
CREATE VIEW user_of_plain AS SELECT COUNT(*) AS n FROM plain;
CREATE VIEW plain AS SELECT a AS x FROM e;
DECLARE RECURSIVE VIEW unread (x INT);
CREATE LOCAL VIEW unread AS SELECT a AS x FROM e UNION SELECT x FROM unread;
DECLARE RECURSIVE VIEW "Quoted" ("X y" VARCHAR, n BIGINT);
CREATE VIEW "Quoted" AS SELECT 'a' AS "X y", 1 + CAST(a AS BIGINT) AS n FROM e UNION SELECT "X y", NULL FROM "Quoted";
