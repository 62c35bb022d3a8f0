-- Sessions: how often someone bids before pausing for ten seconds.
CREATE VIEW q11 AS
SELECT bidder, COUNT(*) AS bid_count, window_start AS starttime, window_end AS endtime
FROM TABLE(SESSION(TABLE bid, DESCRIPTOR(date_time), DESCRIPTOR(bidder), INTERVAL 10 SECONDS))
GROUP BY bidder, window_start, window_end;
