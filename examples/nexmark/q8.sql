-- Who came and opened an auction within the same ten seconds?
CREATE VIEW q8 AS
SELECT p.id, p.name, p.window_start
FROM (
    SELECT id, name, CAST(CAST(date_time AS BIGINT) / 10000 * 10000 AS TIMESTAMP) AS window_start
    FROM person GROUP BY 1, 2, 3
) AS p
JOIN (
    SELECT seller, CAST(CAST(date_time AS BIGINT) / 10000 * 10000 AS TIMESTAMP) AS window_start
    FROM auction GROUP BY 1, 2
) AS a
ON p.id = a.seller AND p.window_start = a.window_start;
