-- Columns of values, and values of columns.
CREATE TABLE score (player INT NOT NULL, game VARCHAR, level INT, points DECIMAL(8, 2), bonus INT NOT NULL);
CREATE VIEW wide AS SELECT * FROM score PIVOT (SUM(points) AS total, COUNT(*) AS n FOR game IN ('x' AS x, 'xyz' AS y, '' AS none));
CREATE VIEW single AS SELECT * FROM (SELECT player, level, points FROM score) PIVOT (MAX(points) FOR level IN (1 AS one, 2 AS two, 3)) AS p;
CREATE VIEW paired AS SELECT * FROM (SELECT game, level, bonus FROM score) PIVOT (SUM(bonus) AS b, MIN(bonus) AS lo FOR (game, level) IN (('x', 1) AS x1, ('xyz', 2) AS y2));
CREATE VIEW whole AS SELECT yes, no FROM (SELECT points, bonus > 2 AS big FROM score) PIVOT (COUNT(DISTINCT points) FOR big IN (TRUE AS yes, FALSE AS no));
CREATE VIEW filtered AS SELECT p.player, a_n + b_n AS n FROM score PIVOT (COUNT(*) FILTER (WHERE bonus > 0) AS n FOR level + 1 IN (2 AS a, 3 AS b)) AS p WHERE p.player > 0;
CREATE VIEW long_rows AS SELECT * FROM score UNPIVOT (v FOR k IN (level, points, bonus AS 'extra'));
CREATE VIEW long_nulls AS SELECT player, game, k, v FROM score UNPIVOT INCLUDING NULLS (v FOR k IN (level AS "Level", points AS pts)) WHERE bonus > 1;
CREATE VIEW long_pairs AS SELECT * FROM (SELECT player, level, points, bonus FROM score) UNPIVOT EXCLUDING NULLS ((a, b) FOR k IN ((level, points) AS 'lp', (bonus, level))) AS u;
CREATE VIEW there_and_back AS SELECT player, k, SUM(v) AS s FROM (SELECT * FROM (SELECT player, level, points FROM score) PIVOT (SUM(points) FOR level IN (1 AS one, 2 AS two))) UNPIVOT (v FOR k IN (one, two)) GROUP BY player, k;
