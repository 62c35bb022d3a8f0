-- Who came and opened an auction within the same ten seconds?
CREATE VIEW q8 AS
SELECT p.id, p.name, p.window_start
FROM (
    SELECT DISTINCT id, name, window_start
    FROM TABLE(TUMBLE(TABLE person, DESCRIPTOR(date_time), INTERVAL 10 SECONDS))
) AS p
JOIN (
    SELECT DISTINCT seller, window_start
    FROM TABLE(TUMBLE(TABLE auction, DESCRIPTOR(date_time), INTERVAL 10 SECONDS))
) AS a
ON p.id = a.seller AND p.window_start = a.window_start;
