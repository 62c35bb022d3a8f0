-- What an auction house wants to see, kept up to date with every bid. (The tables are those of tables.sql.)

-- The auctions that are bid on most, with what they sell and where the seller lives.
CREATE MATERIALIZED VIEW busiest AS
SELECT a.id, p.name AS seller, p.state, COUNT(*) AS bids, MAX(b.price) AS highest
FROM bid b
JOIN auction a ON b.auction = a.id
JOIN person p ON a.seller = p.id
WHERE b.date_time BETWEEN a.date_time AND a.expires
GROUP BY a.id, p.name, p.state
HAVING COUNT(*) > 100;

-- The mean closing price of each category.
CREATE MATERIALIZED VIEW categories AS
SELECT category, COUNT(*) AS auctions, AVG(final) AS mean_price
FROM (
    SELECT a.id, a.category, MAX(b.price) AS final
    FROM auction a JOIN bid b ON a.id = b.auction
    WHERE b.date_time BETWEEN a.date_time AND a.expires
    GROUP BY a.id, a.category
) AS closing
GROUP BY category;
