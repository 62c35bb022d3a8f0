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
-- Subqueries: of the view itself, beside a column of a table, and the other way round.
DECLARE RECURSIVE VIEW rising (x INT, n INT);
CREATE VIEW rising AS SELECT a AS x, 0 AS n FROM e WHERE a < 0
UNION SELECT b, (SELECT MIN(x) FROM rising WHERE rising.x <= e.a) FROM e WHERE b IN (SELECT x + 1 FROM rising) OR EXISTS (SELECT 1 FROM rising WHERE x = e.a);
DECLARE RECURSIVE VIEW spread (x INT, y INT);
CREATE VIEW spread AS SELECT a AS x, b AS y FROM e WHERE a > b UNION SELECT s.x, l.m FROM spread AS s, LATERAL (SELECT MAX(b) AS m FROM e WHERE e.a = s.y) AS l;
-- One recursion upon another, and one around another: these are one cycle.
DECLARE RECURSIVE VIEW upon (x INT);
CREATE VIEW upon AS SELECT DISTINCT a AS x FROM loops UNION SELECT e.b FROM e JOIN upon ON e.a = upon.x WHERE NOT EXISTS (SELECT * FROM closure WHERE closure.a = e.b AND closure.b = upon.x);
DECLARE RECURSIVE VIEW around (x INT);
CREATE VIEW around AS WITH RECURSIVE r(x) AS (SELECT x FROM around WHERE x > 0 UNION SELECT e.b FROM r JOIN e ON e.a = r.x WHERE e.b > 0)
SELECT a AS x FROM e WHERE a = b UNION SELECT x - 1 FROM r WHERE x > 1;
-- Both sides of set operations and of an outer join.
DECLARE RECURSIVE VIEW common (a INT, b INT);
CREATE VIEW common AS SELECT a, b FROM e INTERSECT ALL (SELECT b, a FROM common UNION ALL SELECT a, b FROM e WHERE a <= 1);
DECLARE RECURSIVE VIEW matched (x INT, y INT);
CREATE VIEW matched AS SELECT e.a AS x, m.x AS y FROM e FULL JOIN (SELECT DISTINCT x FROM matched WHERE x > 0) AS m ON e.b = m.x;
-- The best so far, by whom.
DECLARE RECURSIVE VIEW best (x INT, d INT, via INT);
CREATE VIEW best AS SELECT x, MIN(d) AS d, ARG_MIN(via, d) AS via FROM (SELECT a AS x, 0 AS d, a AS via FROM e WHERE a < 0 UNION ALL SELECT b, d + 1, a FROM best JOIN e ON a = x WHERE d < 5) AS s GROUP BY x;
