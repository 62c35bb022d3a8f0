-- Shortest routes (shortest-routes)
--
-- A recursive view: how far is it from each town to each other, in roads? When a road is closed, only the
-- routes that led over it are looked for again.
--
CREATE TABLE roads (
    a VARCHAR NOT NULL,
    b VARCHAR NOT NULL,
    km INT NOT NULL
);

CREATE LOCAL VIEW ways AS
SELECT a, b, km FROM roads
UNION
SELECT b, a, km FROM roads;

DECLARE RECURSIVE VIEW reach (a VARCHAR NOT NULL, b VARCHAR NOT NULL, km INT);

CREATE LOCAL VIEW reach AS
SELECT a, b, MIN(km) AS km
FROM (
    SELECT a, b, km FROM ways
    UNION ALL
    SELECT r.a, w.b, r.km + w.km FROM reach r JOIN ways w ON r.b = w.a WHERE w.b <> r.a
) AS longer
GROUP BY a, b;

CREATE MATERIALIZED VIEW routes AS
SELECT a AS origin, b AS destination, km FROM reach WHERE a < b;
