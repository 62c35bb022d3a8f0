-- For a log in files: every bid, with the day and the minute that its file is named after.
CREATE VIEW q10 AS
SELECT auction, bidder, price, date_time, extra,
       FORMAT_TIMESTAMP('%Y-%m-%d', date_time) AS dt, FORMAT_TIMESTAMP('%H:%M', date_time) AS hm
FROM bid;
