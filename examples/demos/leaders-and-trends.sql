-- Leaders and trends (leaders-and-trends)
--
-- Window functions over a stream of sales: the three best sales of each town, and each sale beside the
-- town's sum of the seven days before it.
--
CREATE TABLE sales (
    id BIGINT NOT NULL PRIMARY KEY,
    town VARCHAR NOT NULL,
    day DATE NOT NULL,
    amount DECIMAL(10, 2) NOT NULL
);

CREATE MATERIALIZED VIEW leaders AS
SELECT town, id, amount, ROW_NUMBER() OVER (PARTITION BY town ORDER BY amount DESC) AS place
FROM sales
QUALIFY place <= 3;

CREATE MATERIALIZED VIEW trends AS
SELECT id, town, day, amount,
    SUM(amount) OVER (PARTITION BY town ORDER BY day RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW) AS week,
    amount - LAG(amount) OVER (PARTITION BY town ORDER BY day, id) AS more
FROM sales;
