-- DISTINCT ON: the first row of each key.
CREATE TABLE quote (symbol VARCHAR, at INT NOT NULL, price DECIMAL(8, 2), venue VARCHAR);
CREATE VIEW latest AS SELECT DISTINCT ON (symbol) symbol, at, price FROM quote ORDER BY symbol, at DESC, price DESC NULLS LAST;
CREATE VIEW hidden AS SELECT DISTINCT ON (symbol, venue) price AS p FROM quote ORDER BY venue, symbol, at;
CREATE VIEW computed AS SELECT DISTINCT ON (at / 2) at / 2 AS half, venue FROM quote ORDER BY half, venue;
CREATE VIEW least AS SELECT DISTINCT ON (symbol) * FROM quote;
CREATE VIEW of_groups AS SELECT DISTINCT ON (venue) venue, symbol, SUM(price) AS s FROM quote GROUP BY venue, symbol ORDER BY 1, s DESC, symbol;
CREATE VIEW limited AS SELECT DISTINCT ON (symbol) symbol, at FROM quote ORDER BY symbol DESC, at LIMIT 2;
CREATE VIEW both AS (SELECT DISTINCT ON (at) at FROM quote ORDER BY at) EXCEPT ALL SELECT DISTINCT ON (symbol) at FROM quote;
