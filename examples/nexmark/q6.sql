-- What a seller gets: the mean price of the auction that was won last and the ten before it. (No two bids are made at one time; otherwise the auction's number decides.)
CREATE VIEW q6 AS
SELECT seller, id, AVG(price) OVER (PARTITION BY seller ORDER BY date_time, id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS price
FROM (
    SELECT a.seller, a.id, b.price, b.date_time
    FROM auction a JOIN bid b ON a.id = b.auction
    WHERE b.date_time BETWEEN a.date_time AND a.expires
    QUALIFY ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.date_time) <= 1
) AS won;
