-- What chains of joins become: nothing is joined without a key if there is another way.
CREATE TABLE region (r BIGINT NOT NULL PRIMARY KEY, name VARCHAR NOT NULL) WITH ('expected_size' = '5');
CREATE TABLE nation (n BIGINT NOT NULL PRIMARY KEY, r BIGINT NOT NULL, name VARCHAR NOT NULL) WITH ('expected_size' = '25');
CREATE TABLE supplier (s BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL) WITH ('expected_size' = '10000');
CREATE TABLE item (i BIGINT NOT NULL, s BIGINT NOT NULL, p BIGINT NOT NULL, price DECIMAL(12, 2) NOT NULL) WITH ('expected_size' = '6000000');
CREATE TABLE part (p BIGINT NOT NULL PRIMARY KEY, brand VARCHAR NOT NULL) WITH ('expected_size' = '200000');
-- Small ones first, whatever the order in which they are written.
CREATE VIEW smallest_first AS SELECT SUM(price) AS total FROM item, supplier, nation, region
    WHERE item.s = supplier.s AND supplier.n = nation.n AND nation.r = region.r AND region.name = 'EUROPE';
-- Two that have nothing in common meet through a third.
CREATE VIEW no_product AS SELECT price FROM part, supplier, item WHERE part.p = item.p AND supplier.s = item.s;
-- What is equal to equal things is equal: a constant goes everywhere.
CREATE VIEW transitive AS SELECT price, brand FROM item, part, supplier WHERE item.p = part.p AND part.p = supplier.s AND part.p = 7;
-- A disjunction has a key in it, and says something of either side.
CREATE VIEW disjunction AS SELECT price FROM item, part
    WHERE item.p = part.p AND brand = 'a' AND price < 10 OR item.p = part.p AND brand = 'b' AND price < 20;
-- A test of one input is made there.
CREATE VIEW tested AS SELECT price FROM nation, supplier, item
    WHERE item.s = supplier.s AND supplier.n = nation.n AND nation.r IN (SELECT r FROM region WHERE name = 'ASIA');
