-- What reads the time.
CREATE TABLE events (id INT NOT NULL, kind VARCHAR, ts TIMESTAMP, at TIMESTAMP NOT NULL, day DATE, tz TIMESTAMP WITH TIME ZONE, n INT);
CREATE TABLE keyed (k INT NOT NULL PRIMARY KEY, ts TIMESTAMP);

-- Bounds that move: only the rows that the time passes are touched.
CREATE VIEW recent AS SELECT id, kind FROM events WHERE ts >= NOW() - INTERVAL 12 HOURS;
CREATE VIEW past AS SELECT id FROM events WHERE at < NOW();
CREATE VIEW between_them AS SELECT id, ts FROM events WHERE ts BETWEEN NOW() - INTERVAL 1 DAY AND NOW() - INTERVAL 6 HOURS AND n > 0;
CREATE VIEW around AS SELECT id FROM events WHERE ts + INTERVAL 10 HOURS > NOW() AND ts + INTERVAL 10 HOURS <= NOW() + INTERVAL 20 HOURS;
CREATE VIEW differences AS SELECT id FROM events WHERE (NOW() - at) HOUR < INTERVAL 20 HOURS;
CREATE VIEW ahead AS SELECT id FROM events WHERE (at - NOW()) SECOND > INTERVAL 5 HOURS;
CREATE VIEW days AS SELECT id FROM events WHERE day <= CAST(NOW() + INTERVAL 20003 DAYS AS DATE);
CREATE VIEW zones AS SELECT id FROM events WHERE tz > CAST(NOW() AS TIMESTAMP WITH TIME ZONE);
CREATE VIEW numbers AS SELECT id FROM events WHERE n < EXTRACT(DAY FROM NOW());
CREATE VIEW years AS SELECT id FROM events WHERE n + 1968 < EXTRACT(YEAR FROM NOW());
CREATE VIEW exact AS SELECT id FROM events WHERE at = NOW();
CREATE VIEW started AS SELECT id FROM events WHERE at >= TIMESTAMP_TRUNC(NOW(), DAY);
CREATE VIEW sums AS SELECT kind, COUNT(*) AS c, SUM(n) AS s FROM events WHERE at >= NOW() - INTERVAL 1 DAY GROUP BY kind;
CREATE VIEW keyed_recent AS SELECT k FROM keyed WHERE ts > NOW() - INTERVAL 12 HOURS;

-- Everything else meets the time as a relation.
CREATE VIEW other AS SELECT id FROM events WHERE ts < NOW() OR n = 1;
CREATE VIEW shown AS SELECT id, ts < NOW() AS is_past, NOW() AS now FROM events;
CREATE VIEW alone AS SELECT NOW() AS now;
CREATE VIEW grouped AS SELECT at < NOW() AS is_past, COUNT(*) AS c FROM events GROUP BY at < NOW();
CREATE VIEW whole AS SELECT MAX(n) AS m, MAX(NOW()) AS now FROM events;
CREATE VIEW joined AS SELECT e.id, k.k FROM events e LEFT JOIN keyed k ON e.n = k.k AND k.ts <= NOW();
CREATE VIEW exist AS SELECT id FROM events e WHERE EXISTS (SELECT 1 FROM keyed k WHERE k.k = e.n AND k.ts <= NOW() AND e.at <= NOW());
CREATE VIEW ranked AS SELECT id, n FROM (SELECT id, n, ROW_NUMBER() OVER (PARTITION BY at > NOW() ORDER BY n, id) AS r FROM events) AS t WHERE r <= 2;

-- Sessions.
CREATE VIEW sessions AS SELECT id, window_start, window_end FROM TABLE(SESSION(TABLE events, DESCRIPTOR(ts), INTERVAL 12 HOURS));
CREATE VIEW sessions_by AS SELECT * FROM TABLE(SESSION(TABLE events, DESCRIPTOR(n), DESCRIPTOR(kind, at), 3));
CREATE VIEW sessions_of_days AS SELECT id, kind, window_start FROM TABLE(SESSION(DATA => TABLE events, TIMECOL => DESCRIPTOR(day), KEY => DESCRIPTOR(kind), SIZE => INTERVAL 2 DAYS)) WHERE n > 0;
CREATE VIEW session_sums AS SELECT kind, window_start, window_end, COUNT(*) AS c FROM TABLE(SESSION(TABLE events, DESCRIPTOR(tz), DESCRIPTOR(kind), INTERVAL 12 HOURS))
GROUP BY kind, window_start, window_end;
CREATE VIEW windows_of_days AS SELECT window_start, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(day), INTERVAL 3 DAYS)) GROUP BY window_start;
CREATE VIEW groups AS SELECT TUMBLE_START(at, INTERVAL 1 DAY) AS s, TUMBLE_END(at, INTERVAL 1 DAY) AS e, COUNT(*) AS c FROM events GROUP BY TUMBLE(at, INTERVAL 1 DAY);
