-- Recursive views.
CREATE TABLE e (a INT, b INT);
CREATE TABLE f (a VARCHAR, b VARCHAR);
CREATE TABLE p (id BIGINT NOT NULL PRIMARY KEY, parent BIGINT, seed BOOLEAN);
CREATE TABLE tree (id INT, children INT ARRAY);

-- Transitive closure, linear, with another view of the same edges outside.
DECLARE RECURSIVE VIEW closure (a INT, b INT);
CREATE VIEW closure AS SELECT a, b FROM e UNION SELECT c.a, e.b FROM closure AS c JOIN e ON c.b = e.a;
CREATE VIEW loops AS SELECT a, COUNT(*) AS n FROM closure WHERE a = b GROUP BY a;
CREATE VIEW outdegree AS SELECT a, COUNT(*) AS n FROM e GROUP BY a;
-- The same with itself.
DECLARE RECURSIVE VIEW doubled (a VARCHAR, b VARCHAR);
CREATE MATERIALIZED VIEW doubled AS SELECT a, b FROM f UNION ALL SELECT x.a, y.b FROM doubled AS x, doubled AS y WHERE x.b = y.a;
-- Along a primary key.
DECLARE RECURSIVE VIEW ancestor (id BIGINT, of BIGINT NOT NULL, depth INT NOT NULL);
CREATE VIEW ancestor AS
SELECT parent AS id, id AS of, 1 AS depth FROM p WHERE parent IS NOT NULL
UNION SELECT p.parent, x.of, x.depth + 1 FROM ancestor AS x JOIN p ON x.id = p.id WHERE p.parent IS NOT NULL AND x.depth < 4;
-- Mutual, through a view in between that is put out, too.
DECLARE RECURSIVE VIEW even (x INT);
DECLARE RECURSIVE VIEW odd (x INT);
CREATE LOCAL VIEW after_odd AS SELECT e.b AS x FROM odd JOIN e ON odd.x = e.a;
CREATE VIEW after_even AS SELECT e.b AS x, e.a FROM even JOIN e ON even.x = e.a WHERE e.b IS NOT NULL;
CREATE VIEW even AS SELECT a AS x FROM e WHERE a = 0 UNION ALL SELECT x FROM after_odd;
CREATE VIEW odd AS SELECT x FROM after_even;
-- Not monotone: who can move to one who cannot win, wins.
DECLARE RECURSIVE VIEW win (x INT);
CREATE VIEW win AS SELECT a AS x FROM e WHERE b > a AND NOT EXISTS (SELECT * FROM win WHERE win.x = e.b);
DECLARE RECURSIVE VIEW lost (x INT);
CREATE VIEW lost AS SELECT a AS x FROM e EXCEPT SELECT e.a FROM e WHERE b < a AND b NOT IN (SELECT x FROM lost WHERE x IS NOT NULL);
-- Aggregates: shortest paths, and who has enough neighbours.
DECLARE RECURSIVE VIEW distance (x INT, d BIGINT);
CREATE VIEW distance AS SELECT x, MIN(d) AS d FROM
(SELECT a AS x, CAST(0 AS BIGINT) AS d FROM e WHERE a < 0 UNION ALL SELECT b, d + 1 FROM distance JOIN e ON a = x) AS s GROUP BY x;
DECLARE RECURSIVE VIEW active (x INT);
CREATE VIEW active AS SELECT a AS x FROM e WHERE a < 0
UNION SELECT b FROM e JOIN active ON a = x GROUP BY b HAVING COUNT(DISTINCT a) >= 2 AND SUM(a) > -1000;
DECLARE RECURSIVE VIEW top (n INT);
CREATE VIEW top AS SELECT LEAST(COALESCE(MAX(n), 0) + 1, 6) AS n FROM (SELECT n FROM top UNION ALL SELECT a FROM e) AS s;
-- Elements of arrays, and rows that have no match yet.
DECLARE RECURSIVE VIEW below (id INT);
CREATE VIEW below AS SELECT id FROM tree WHERE id >= 3 UNION SELECT c FROM below JOIN tree ON below.id = tree.id, UNNEST(tree.children) AS u(c);
DECLARE RECURSIVE VIEW padded (a INT, n INT);
CREATE VIEW padded AS SELECT e.a, padded.a AS n FROM e LEFT JOIN padded ON e.b = padded.a AND padded.a < 3;
-- Queries.
CREATE VIEW counted AS WITH RECURSIVE r(n, x) AS (VALUES (1, 2) UNION SELECT n + 1, x FROM r WHERE n < 5), s AS (SELECT MAX(n) AS m FROM r)
SELECT n, x, m FROM r, s;
CREATE VIEW generation AS WITH RECURSIVE sg AS (SELECT x.b AS l, y.b AS r FROM e AS x JOIN e AS y ON x.a = y.a
UNION ALL SELECT x.b, y.b FROM sg JOIN e AS x ON x.a = sg.l JOIN e AS y ON y.a = sg.r) SELECT * FROM sg WHERE l < r;
