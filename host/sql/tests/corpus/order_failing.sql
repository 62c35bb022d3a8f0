CREATE TABLE nation (n BIGINT NOT NULL PRIMARY KEY, r BIGINT NOT NULL, name VARCHAR NOT NULL) WITH ('expected_size' = '25');
CREATE TABLE supplier (s BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL) WITH ('expected_size' = '10000');
CREATE TABLE item (i BIGINT NOT NULL, s BIGINT NOT NULL, p BIGINT NOT NULL, price DECIMAL(12, 2) NOT NULL) WITH ('expected_size' = '6000000');
-- What may fail meets only rows for which all else is true.
CREATE VIEW failing AS SELECT price FROM supplier, nation, item
    WHERE 100 / (nation.n - nation.r) > 3 AND item.s = supplier.s AND supplier.n = nation.n;
