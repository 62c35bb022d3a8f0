-- The highest bids of each ten seconds.
CREATE VIEW q7 AS
SELECT b.auction, b.price, b.bidder, b.date_time, b.extra
FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(date_time), INTERVAL 10 SECONDS)) AS b
JOIN (
    SELECT MAX(price) AS price, window_start
    FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(date_time), INTERVAL 10 SECONDS))
    GROUP BY window_start
) AS highest
ON b.price = highest.price AND b.window_start = highest.window_start;
