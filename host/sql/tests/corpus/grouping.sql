-- Several sets of groups: absent keys are NULL, whatever the columns are; GROUPING tells them from NULLs that are there.
CREATE TABLE sales (region VARCHAR NOT NULL, product INT, year INT NOT NULL, amount DECIMAL(10, 2), qty INT NOT NULL);
CREATE VIEW rolled AS SELECT region, product, SUM(amount) AS total, COUNT(*) AS n FROM sales GROUP BY ROLLUP (region, product);
CREATE VIEW cubed AS SELECT region, product, year, MAX(qty) AS top, GROUPING_ID(region, product, year) AS g FROM sales GROUP BY CUBE (region, product, year);
CREATE VIEW listed AS SELECT region, product, GROUPING(region) AS gr, GROUPING(product) AS gp, COUNT(DISTINCT year) AS years FROM sales GROUP BY GROUPING SETS ((region, product), region, (), ());
CREATE VIEW mixed AS SELECT year, region, product, SUM(qty) AS q FROM sales GROUP BY year, ROLLUP (region), ROLLUP (product);
CREATE VIEW named AS SELECT COALESCE(region, 'all') AS region_name, year + 1 AS next, SUM(qty) AS q FROM sales GROUP BY ROLLUP (region, next) HAVING year + 1 IS NULL OR SUM(qty) > 1;
CREATE VIEW nested AS SELECT region, product, year, MIN(amount) AS lo FROM sales GROUP BY GROUPING SETS (ROLLUP (region, (product, year)), CUBE (year), (product));
CREATE VIEW once AS SELECT region, year, COUNT(*) AS n FROM sales GROUP BY DISTINCT ROLLUP (region, year), ROLLUP (region);
CREATE VIEW totals AS SELECT product, AVG(qty) AS mean, GROUPING(product) AS g FROM sales GROUP BY ROLLUP (1) HAVING GROUPING(product) = 1 OR product > 1;
CREATE VIEW everything AS SELECT region, product, SUM(qty) AS q FROM sales GROUP BY ALL;
CREATE VIEW plain AS SELECT region, GROUPING(region) AS g, CASE WHEN region IS NULL THEN 1 ELSE 0 END AS is_total FROM sales GROUP BY region;
