-- How often someone bids in each ten seconds. Nexmark means ten seconds of the clock of whoever processes the bids; in Weir what a view holds
-- follows from its tables alone, so it is the time that the bid has.
CREATE VIEW q12 AS
SELECT bidder, COUNT(*) AS bid_count, window_start AS starttime, window_end AS endtime
FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(date_time), INTERVAL 10 SECONDS))
GROUP BY bidder, window_start, window_end;
