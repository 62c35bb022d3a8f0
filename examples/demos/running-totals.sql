-- Running totals (running-totals)
--
-- Sales by item, kept up to date with every sale: the sum, the count and the largest amount.
-- Send rows to `sales` and follow `totals`.
--
CREATE TABLE items (
    id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR NOT NULL
) WITH ('materialized' = 'true');

CREATE TABLE sales (
    item BIGINT NOT NULL,
    amount DECIMAL(10, 2) NOT NULL,
    sold_at TIMESTAMP NOT NULL
);

CREATE MATERIALIZED VIEW totals AS
SELECT i.name, COUNT(*) AS sales, SUM(s.amount) AS total, MAX(s.amount) AS largest
FROM sales s
JOIN items i ON i.id = s.item
GROUP BY i.name;
