-- The last bid of each bidder on each auction.
CREATE VIEW q18 AS
SELECT auction, bidder, price, channel, url, date_time, extra
FROM bid
QUALIFY ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) <= 1;
