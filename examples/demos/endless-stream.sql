-- An endless stream (endless-stream)
--
-- Readings of sensors that come for ever, some of them late. LATENESS says how late, so old state can go and
-- memory stays as it is; what is later still is told in `error_view`. `per_minute` puts each minute out once,
-- when no reading can change it any more; `bursts` are readings that follow each other closely.
--
CREATE TABLE readings (
    sensor INT NOT NULL,
    at TIMESTAMP NOT NULL LATENESS INTERVAL 1 MINUTE,
    value DOUBLE NOT NULL
);

CREATE VIEW per_minute WITH ('emit_final' = 'minute') AS
SELECT window_start AS minute, sensor, COUNT(*) AS readings, AVG(value) AS mean, MAX(value) AS most
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(at), INTERVAL 1 MINUTE))
GROUP BY window_start, sensor;

CREATE VIEW bursts AS
SELECT sensor, window_start AS begins, window_end AS ends, COUNT(*) AS readings
FROM TABLE(SESSION(TABLE readings, DESCRIPTOR(at), DESCRIPTOR(sensor), INTERVAL 10 SECONDS))
GROUP BY sensor, window_start, window_end;
