-- Waterlines through operators, and what they let go of.
CREATE TABLE clicks (id BIGINT NOT NULL, who INT NOT NULL, ts TIMESTAMP NOT NULL LATENESS INTERVAL 10 MINUTES, price INT);
CREATE TABLE visits (who INT NOT NULL, ts TIMESTAMP LATENESS INTERVAL 20 MINUTES, page VARCHAR);
CREATE TABLE keyed (at BIGINT NOT NULL LATENESS 100, k INT NOT NULL, x INT, PRIMARY KEY (at, k));
CREATE TABLE orders (name VARCHAR NOT NULL PRIMARY KEY, ts TIMESTAMP LATENESS INTERVAL 12 MINUTES, x INT);

-- Groups by a time: a window, an hour, the time itself.
CREATE VIEW per_window AS SELECT window_start, COUNT(*) AS n, SUM(price) AS s, MAX(price) AS m
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL 5 MINUTES)) GROUP BY window_start;
CREATE VIEW per_hop AS SELECT window_start, who, COUNT(*) AS n
FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL 5 MINUTES, INTERVAL 10 MINUTES)) GROUP BY window_start, who;
CREATE VIEW per_hour AS SELECT TIMESTAMP_TRUNC(ts, HOUR) AS h, MIN(price) AS m FROM clicks GROUP BY TIMESTAMP_TRUNC(ts, HOUR);
CREATE VIEW per_day AS SELECT CAST(ts AS DATE) AS d, COUNT(DISTINCT who) AS n FROM clicks GROUP BY CAST(ts AS DATE);

-- Joins by time, within bounds of time, and not by time at all.
CREATE VIEW equal AS SELECT c.id, v.page FROM clicks c JOIN visits v ON c.who = v.who AND c.ts = v.ts;
CREATE VIEW close AS SELECT c.id, v.page FROM clicks c JOIN visits v ON c.who = v.who
AND v.ts >= c.ts - INTERVAL 5 MINUTES AND v.ts <= c.ts;
CREATE VIEW ever AS SELECT c.id, v.page FROM clicks c JOIN visits v ON c.who = v.who;
CREATE VIEW padded AS SELECT c.id, v.page FROM clicks c LEFT JOIN visits v ON c.ts = v.ts;

-- Distinct rows, unions, ranks.
CREATE VIEW seen AS SELECT DISTINCT who, ts FROM clicks;
CREATE VIEW both AS SELECT ts FROM clicks UNION SELECT ts FROM visits;
CREATE VIEW first_ones AS SELECT ts, id FROM (SELECT ts, id, ROW_NUMBER() OVER (PARTITION BY ts ORDER BY id) AS n FROM clicks) AS t WHERE n <= 2;

-- Windows: by a partition, and by how far back a frame looks; what counts rows may look back any distance.
CREATE VIEW before_it AS SELECT ts, LAG(id) OVER (PARTITION BY ts ORDER BY id) AS b FROM clicks;
CREATE VIEW rolling AS SELECT ts, who, SUM(price) OVER (PARTITION BY who ORDER BY ts RANGE BETWEEN INTERVAL 5 MINUTES PRECEDING AND INTERVAL 1 MINUTE FOLLOWING) AS s FROM clicks;
CREATE VIEW of_rolling AS SELECT ts, MAX(s) AS m FROM rolling GROUP BY ts;
CREATE VIEW three_before AS SELECT who, SUM(price) OVER (PARTITION BY id ORDER BY ts ROWS 3 PRECEDING) AS s FROM clicks;

-- A table with a key drops its old rows.
CREATE VIEW by_key AS SELECT at, SUM(x) AS s FROM keyed GROUP BY at;
-- Of another column than the key: a row that the waterline has passed stays as it is.
CREATE VIEW ordered AS SELECT ts, COUNT(*) AS n, MIN(name) AS m FROM orders GROUP BY ts;

-- Rows that are final.
CREATE VIEW final WITH ('emit_final' = 'window_start') AS SELECT window_start, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL 5 MINUTES)) GROUP BY window_start;
CREATE VIEW final_rows WITH ('emit_final' = '1') AS SELECT id, ts FROM clicks;

-- A view with a lateness of its own.
LATENESS merged.ts INTERVAL 30 MINUTES;
CREATE VIEW merged AS SELECT ts, who FROM clicks UNION ALL SELECT ts, who FROM visits;
CREATE VIEW merged_counts AS SELECT ts, COUNT(*) AS n FROM merged GROUP BY ts;
CREATE VIEW errors AS SELECT table_or_view_name, COUNT(*) AS n FROM error_view GROUP BY table_or_view_name;
