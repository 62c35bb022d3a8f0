-- The number of each bid's channel: four are known by name, the others have it in the address.
CREATE VIEW q21 AS
SELECT auction, bidder, price, channel,
       CASE LOWER(channel)
           WHEN 'apple' THEN '0'
           WHEN 'google' THEN '1'
           WHEN 'facebook' THEN '2'
           WHEN 'baidu' THEN '3'
           ELSE REGEXP_REPLACE(url, '^.*[?&]channel_id=([^&]*).*$', '$1')
       END AS channel_id
FROM bid
WHERE LOWER(channel) IN ('apple', 'google', 'facebook', 'baidu') OR url RLIKE '[?&]channel_id=[^&]';
