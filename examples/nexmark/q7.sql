-- The highest bids of each ten seconds.
CREATE LOCAL VIEW windowed AS
SELECT auction, price, bidder, date_time, extra,
       CAST(CAST(date_time AS BIGINT) / 10000 * 10000 AS TIMESTAMP) AS window_start
FROM bid;
CREATE VIEW q7 AS
SELECT b.auction, b.price, b.bidder, b.date_time, b.extra
FROM windowed b
JOIN (SELECT MAX(price) AS maxprice, window_start FROM windowed GROUP BY window_start) AS m
  ON b.price = m.maxprice AND b.window_start = m.window_start;
