-- Bids with something from a bounded side input, which is a list of 10,000 keys here.
CREATE LOCAL VIEW side_input AS
SELECT key, 'value ' || CAST(key AS VARCHAR) AS value FROM UNNEST(SEQUENCE(0, 9999)) AS s(key);
CREATE VIEW q13 AS
SELECT b.auction, b.bidder, b.price, b.date_time, s.value
FROM bid b JOIN side_input s ON MOD(b.auction, 10000) = s.key;
