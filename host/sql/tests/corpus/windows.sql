-- Windows of time.
CREATE TABLE events (id BIGINT NOT NULL PRIMARY KEY, at TIMESTAMP, price BIGINT NOT NULL, what VARCHAR);
CREATE VIEW tumbled AS SELECT window_start, window_end, MAX(price) AS top FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(at), INTERVAL '10' HOUR)) GROUP BY window_start, window_end;
CREATE VIEW hopped AS SELECT window_start, COUNT(*) AS n FROM TABLE(HOP(TABLE events, DESCRIPTOR(at), INTERVAL '6' HOUR, INTERVAL '15' HOUR, INTERVAL '1' HOUR)) AS h GROUP BY window_start;
CREATE VIEW everything AS SELECT * FROM events;
CREATE VIEW some AS SELECT * FROM events WHERE price > 0;
