-- Which airports are late, and on which routes? Kept up to date with every flight.
CREATE TABLE airports (
    code VARCHAR NOT NULL PRIMARY KEY,
    name VARCHAR NOT NULL,
    city VARCHAR,
    state VARCHAR,
    country VARCHAR,
    latitude DOUBLE,
    longitude DOUBLE
);

CREATE TABLE flights (
    departs TIMESTAMP NOT NULL,
    delay INT NOT NULL,       -- minutes; negative: early
    distance INT NOT NULL,    -- miles
    origin VARCHAR NOT NULL,
    destination VARCHAR NOT NULL
);

-- Every flight with the names of its airports.
CREATE LOCAL VIEW named_flights AS
SELECT f.departs, f.delay, f.distance, f.origin, f.destination,
       COALESCE(o.city || ', ' || o.state, f.origin) AS from_city,
       COALESCE(d.city || ', ' || d.state, f.destination) AS to_city
FROM flights f
LEFT JOIN airports o ON f.origin = o.code
LEFT JOIN airports d ON f.destination = d.code;

-- The mean delay of each airport that many flights have left.
CREATE MATERIALIZED VIEW airport_delays AS
SELECT from_city AS city, COUNT(*) AS flights, AVG(CAST(delay AS DECIMAL(10, 2))) AS mean_delay, MAX(delay) AS worst_delay,
       COUNT(*) FILTER (WHERE delay > 60) AS very_late
FROM named_flights
GROUP BY from_city
HAVING COUNT(*) >= 20;

-- Routes on which at least a third of the flights were late.
CREATE MATERIALIZED VIEW late_routes AS
SELECT from_city, to_city, COUNT(*) AS flights, COUNT(*) FILTER (WHERE delay > 15) AS late
FROM named_flights
GROUP BY from_city, to_city
HAVING COUNT(*) >= 5 AND COUNT(*) FILTER (WHERE delay > 15) * 3 >= COUNT(*);

-- Airports that flights name but nobody has described.
CREATE VIEW unknown_airports AS
SELECT origin AS code FROM flights
UNION
SELECT destination FROM flights
EXCEPT
SELECT code FROM airports;
