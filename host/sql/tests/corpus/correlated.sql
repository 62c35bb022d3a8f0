-- Subqueries that read columns of the query around them, and LATERAL.
CREATE TABLE t (id INT NOT NULL, k INT, x INT);
CREATE TABLE u (k INT, y INT, n VARCHAR);
CREATE TABLE v (y INT NOT NULL, z INT);

CREATE VIEW totals AS
SELECT id, (SELECT SUM(y) FROM u WHERE u.k = t.k) AS s, (SELECT COUNT(*) FROM u WHERE u.k = t.k AND y < x) AS c FROM t;
CREATE VIEW firsts AS
SELECT id, (SELECT n FROM u WHERE u.k = t.k ORDER BY y, n LIMIT 1) AS n FROM t;
CREATE VIEW present AS
SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND y > x);
CREATE VIEW absent AS
SELECT id FROM t WHERE NOT EXISTS (SELECT 1 FROM u, v WHERE u.k = t.k AND v.y = u.y AND z > x);
CREATE VIEW listed AS
SELECT id, x IN (SELECT y FROM u WHERE u.k = t.k) AS i, x NOT IN (SELECT y FROM u WHERE u.k <> t.k) AS o FROM t;
CREATE VIEW deep AS
SELECT id, (SELECT MAX(y) FROM u WHERE u.k = t.k AND EXISTS (SELECT 1 FROM v WHERE v.y = u.y AND z > x)) AS m FROM t;
CREATE VIEW beside AS
SELECT id, l.y, l.w FROM t LEFT JOIN LATERAL (SELECT y, y + x AS w FROM u WHERE u.k = t.k) AS l ON l.y > 3;
CREATE VIEW conditions AS
SELECT a.id, b.n FROM t AS a LEFT JOIN u AS b ON b.k = a.k AND b.y >= (SELECT MIN(z) FROM v WHERE v.y < a.x);
CREATE VIEW grouped AS
SELECT k, SUM((SELECT COUNT(*) FROM u WHERE u.k = t.k)) AS n FROM t GROUP BY k HAVING MAX(x) > (SELECT MIN(y) FROM u WHERE u.k = t.k);
