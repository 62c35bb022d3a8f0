-- Values with parts, binaries, UUIDs and instants: as columns, keys of groups and joins, made, read and converted.
CREATE TYPE place AS (street VARCHAR, number INT NULL, at ROW(x INT, y DECIMAL(9, 2)));
CREATE TABLE t (
    id INT NOT NULL PRIMARY KEY,
    a INT ARRAY,
    m MAP<VARCHAR, INT ARRAY> NOT NULL,
    r ROW(x INT, y VARCHAR NULL),
    u UUID,
    b BINARY(4),
    vb VARBINARY NOT NULL,
    z TIMESTAMP WITH TIME ZONE,
    v VARIANT,
    p place
);
CREATE TABLE s (a INT ARRAY, u UUID NOT NULL, n BIGINT);

CREATE VIEW parts AS
SELECT id, a[1] AS first, a[SAFE_OFFSET(1)] AS second, m['k'] AS k, m['k'][2] AS k2, t.r.x AS rx, r.y, (t.r).x AS rx2,
    v.f.g AS fg, v['f'] AS f, v[1] AS v1, p.at.y AS aty, t.p.street
FROM t;

CREATE VIEW made AS
SELECT ARRAY[id, NULL, a[1]] AS arr, MAP['id', id, 'one', 1] AS map, ROW(id, r.y) AS made_row, (id, u) AS pair, place('a', id, ROW(id, 2.5)) AS at, x'0aFF' AS bytes,
    CASE WHEN id > 2 THEN a ELSE ARRAY[7] END AS chosen, COALESCE(p.at.y, 1.5) AS y
FROM t;

CREATE VIEW converted AS
SELECT CAST(a AS BIGINT ARRAY) AS wider, CAST(a AS VARIANT) AS va, CAST(r AS VARIANT) AS vr, CAST(id AS VARIANT) AS vi,
    CAST(m AS MAP<VARCHAR, VARIANT>) AS vm, CAST(u AS VARCHAR) AS ut, CAST(b AS VARBINARY(2)) AS b2, CAST(vb AS BINARY(3)) AS b3,
    CAST(id AS BINARY(2)) AS ib, CAST(z AS TIMESTAMP) AS zt, CAST(z AS DATE) AS zd, CAST(r AS ROW(a BIGINT, b VARCHAR)) AS rr
FROM t;

CREATE VIEW compared AS
SELECT id FROM t WHERE a < ARRAY[1, 2] OR u = UUID '00000000-0000-0000-0000-000000000001' OR vb > x'01' OR a IS NOT DISTINCT FROM ARRAY[1]
    OR z > TIMESTAMP WITH TIME ZONE '1970-01-02 00:00:00 UTC';

CREATE VIEW grouped AS SELECT a, COUNT(*) AS c, MAX(u) AS mu, MIN(vb) AS mb, MAX(r) AS mr, MAX(v) AS mv FROM t GROUP BY a;

CREATE VIEW joined AS SELECT t.id, s.n, s.a FROM t JOIN s ON t.u = s.u AND t.a = s.a;

CREATE VIEW kinds AS SELECT DISTINCT b, z FROM t;
