-- Hot items: of the last ten seconds, every two seconds, the auctions that were bid on most.
CREATE VIEW q5 AS
SELECT auction, num, window_start, window_end
FROM (
    SELECT auction, COUNT(*) AS num, window_start, window_end
    FROM TABLE(HOP(TABLE bid, DESCRIPTOR(date_time), INTERVAL 2 SECONDS, INTERVAL 10 SECONDS))
    GROUP BY auction, window_start, window_end
) AS counted
QUALIFY RANK() OVER (PARTITION BY window_start, window_end ORDER BY num DESC) <= 1;
