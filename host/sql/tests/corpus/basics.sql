-- Filters, projections, expressions: all linear, so each view is one map.
CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, a INT, b DECIMAL(10, 2), s VARCHAR, d DATE, ts TIMESTAMP) WITH ('materialized' = 'true');
CREATE TABLE plain ("Mixed" INT NOT NULL, x DOUBLE, flag BOOLEAN DEFAULT TRUE);
CREATE VIEW v1 AS SELECT id, a + 1 AS next, a + 1 + id AS wide FROM t WHERE a > 10 AND s LIKE 'x%';
CREATE MATERIALIZED VIEW v2 (p, q) AS SELECT b * 2.5, CASE WHEN a IS NULL THEN 'none' WHEN a < 0 THEN 'neg' ELSE s || '!' END FROM t;
CREATE LOCAL VIEW hidden AS SELECT id, EXTRACT(YEAR FROM d) AS y, ts + INTERVAL '1' DAY AS tomorrow FROM t;
CREATE VIEW v3 AS SELECT y, tomorrow FROM hidden WHERE y BETWEEN 2020 AND 2030;
CREATE VIEW v4 AS SELECT "Mixed", coalesce(x, 0.0e0) AS x, flag FROM plain WHERE flag;
CREATE VIEW v5 AS SELECT 1 AS one, 'a' AS letter, DATE '2026-08-07' AS day;
CREATE VIEW v6 AS SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS v(n, s);
