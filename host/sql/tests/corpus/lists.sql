-- The SELECT list: names used to the right of where they are given, stars with changes; queries without SELECT.
CREATE TABLE o (id INT NOT NULL, price DECIMAL(10, 2), qty INT, note VARCHAR);
CREATE VIEW lateral_names AS SELECT id AS k, price * qty AS gross, gross - 1 AS net, net > 10 AS dear FROM o;
CREATE VIEW column_wins AS SELECT qty + 1 AS id, id AS same FROM o;
CREATE VIEW in_groups AS SELECT note AS n, qty + 1 AS q, SUM(q) AS total, total * 2 AS double, COUNT(DISTINCT n) AS c FROM o GROUP BY n, q HAVING double > 4 AND q > 1;
CREATE VIEW without AS SELECT * EXCLUDE (note, price) FROM o;
CREATE VIEW changed AS SELECT * EXCEPT (id) REPLACE (UPPER(note) AS note, qty + id AS qty) FROM o;
CREATE VIEW of_one AS SELECT a.* REPLACE (b.price AS qty), b.* EXCLUDE (id, qty) REPLACE (a.qty AS price) FROM (SELECT id, qty FROM o) a JOIN o b ON a.id = b.id;
CREATE VIEW whole AS TABLE o;
CREATE VIEW both AS (TABLE o) UNION ALL TABLE o;
CREATE VIEW listed AS VALUES (1, 'a'), (2, NULL), (1 + 2, 'c');
CREATE VIEW nothing AS SELECT 1 AS one WHERE 1 = 2;
