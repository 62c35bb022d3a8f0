CREATE TABLE o (customer INT NOT NULL PRIMARY KEY, city VARCHAR, age INT);
CREATE TABLE p (customer INT, amount DECIMAL(8, 2), ok BOOLEAN);
CREATE VIEW v AS SELECT o.city, SUM(p.amount) AS total, AVG(o.age) WITHIN DISTINCT (o.customer) AS mean, COUNT(*) WITHIN DISTINCT (o.customer) AS customers,
    MAX(o.age) WITHIN DISTINCT (o.customer) FILTER (WHERE p.ok) AS oldest, SUM(DISTINCT o.age) WITHIN DISTINCT (o.customer) AS ages
FROM o JOIN p ON o.customer = p.customer GROUP BY o.city;
CREATE VIEW w AS SELECT VAR_POP(o.age) WITHIN DISTINCT (o.customer, o.city) AS spread, COUNT(*) AS n FROM o JOIN p ON o.customer = p.customer;
