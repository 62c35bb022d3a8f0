-- What only ever gains rows: extremes and first rows without the rows that they are of.
CREATE TABLE bids (id BIGINT NOT NULL, auction INT, price DECIMAL(10, 2), who VARCHAR, at TIMESTAMP NOT NULL, tags INT ARRAY) WITH ('append_only' = 'true');
CREATE TABLE asks (id BIGINT, auction INT NOT NULL, low DOUBLE) WITH ('append_only' = 'true');
CREATE TABLE edits (auction INT NOT NULL, note VARCHAR);

-- Extremes.
CREATE VIEW per_auction AS SELECT auction, COUNT(*) AS n, MIN(price) AS lo, MAX(price) AS hi, MAX(id) AS last, MIN(who) AS first FROM bids GROUP BY auction;
CREATE VIEW of_all AS SELECT MIN(id) AS lo, MAX(low) AS hi, MAX(auction) AS a, ARG_MAX(id, low) AS best FROM asks;
CREATE VIEW chosen AS SELECT auction, ARG_MAX(who, price) AS who, ARG_MIN(id, at) AS first, ARG_MAX(price, id) AS p FROM bids GROUP BY auction;
CREATE VIEW filtered AS SELECT auction, MAX(price) FILTER (WHERE who > 'a') AS hi, MIN(id) AS lo FROM bids WHERE id > 0 GROUP BY auction HAVING MAX(price) > 1;
CREATE VIEW per_window AS SELECT window_start, MAX(price) AS hi FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(at), INTERVAL 1 DAY)) GROUP BY window_start;
CREATE VIEW in_all AS SELECT auction, MAX(id) AS m FROM (SELECT auction, id FROM bids UNION ALL SELECT auction, id FROM asks) AS u GROUP BY auction;
CREATE VIEW joined AS SELECT b.auction, MAX(a.low) AS hi, MIN(b.who) AS w FROM bids b JOIN asks a ON a.auction = b.auction GROUP BY b.auction;
CREATE VIEW matched AS SELECT auction, MIN(price) AS lo FROM bids WHERE auction IN (SELECT auction FROM asks WHERE low > 0) GROUP BY auction;
CREATE VIEW of_distinct AS SELECT MAX(auction) AS a, COUNT(*) AS n FROM (SELECT DISTINCT auction, who FROM bids) AS d;
CREATE VIEW of_groups AS SELECT MAX(who) AS w FROM (SELECT auction, who FROM bids GROUP BY auction, who) AS g;
CREATE VIEW of_tags AS SELECT auction, MAX(t.tag) AS hi FROM bids, UNNEST(tags) AS t (tag) GROUP BY auction;
CREATE VIEW once AS SELECT auction, SUM(low) WITHIN DISTINCT (id) AS s FROM asks WHERE id IS NOT NULL AND low = 1 GROUP BY auction;

-- First rows.
CREATE VIEW top3 AS SELECT id, price FROM bids ORDER BY price DESC, id LIMIT 3;
CREATE VIEW skipped AS SELECT who FROM bids ORDER BY who NULLS LAST LIMIT 2 OFFSET 1;
CREATE VIEW ties AS SELECT auction, low FROM asks ORDER BY low FETCH FIRST 2 ROWS WITH TIES;
CREATE VIEW numbered AS SELECT auction, id, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, id) AS n FROM bids QUALIFY n <= 3;
CREATE VIEW latest AS SELECT auction, id, who FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY at DESC) AS n FROM bids) AS t WHERE n = 1;
CREATE VIEW ranked AS SELECT auction, low, r FROM (SELECT auction, low, RANK() OVER (PARTITION BY auction ORDER BY low) AS r FROM asks) AS t WHERE r < 3;
CREATE VIEW dense AS SELECT auction, id, DENSE_RANK() OVER (PARTITION BY auction ORDER BY low DESC) AS r FROM asks QUALIFY r <= 2;

-- Where rows may go all the same.
CREATE VIEW padded AS SELECT MAX(a.low) AS hi, MIN(b.who) AS w FROM bids b LEFT JOIN asks a ON a.auction = b.auction GROUP BY b.auction;
CREATE VIEW of_first AS SELECT MAX(price) AS hi, MIN(n) AS n FROM (SELECT price, ROW_NUMBER() OVER (ORDER BY id) AS n FROM bids QUALIFY n <= 2) AS t;
CREATE VIEW of_counts AS SELECT MAX(n) AS m FROM per_auction;
CREATE VIEW unmatched AS SELECT MIN(id) AS lo FROM bids WHERE auction NOT IN (SELECT auction FROM asks);
CREATE VIEW noted AS SELECT MAX(e.note) AS n, MAX(b.id) AS id FROM bids b JOIN edits e ON e.auction = b.auction;
CREATE VIEW less AS SELECT MAX(auction) AS a FROM (SELECT auction FROM bids EXCEPT SELECT auction FROM asks) AS e;
CREATE VIEW recent AS SELECT MAX(id) AS m FROM bids WHERE at > NOW() - INTERVAL 1 DAY;
CREATE VIEW due AS SELECT MAX(id) AS m FROM bids WHERE at <= NOW();
-- A trace that a join keeps serves the extreme as well.
CREATE VIEW shared AS SELECT b.who, a.low FROM (SELECT auction, who FROM bids) AS b JOIN (SELECT auction, low FROM asks) AS a ON a.auction = b.auction;
CREATE VIEW shared_max AS SELECT auction, MAX(low) AS m FROM asks GROUP BY auction;
