-- Comparisons with all rows of a query, three-valued, as values and as conditions.
CREATE TABLE big (a INT, b BIGINT NOT NULL);
CREATE TABLE few (x INT, y INT NOT NULL);
CREATE VIEW anys AS SELECT a, a < ANY (SELECT x FROM few) AS lt, a >= SOME (SELECT x FROM few) AS ge, a = ANY (SELECT x FROM few) AS eq, a <> ANY (SELECT x FROM few) AS ne FROM big;
CREATE VIEW alls AS SELECT a, a < ALL (SELECT x FROM few) AS lt, a >= ALL (SELECT x FROM few) AS ge, a = ALL (SELECT x FROM few) AS eq, a <> ALL (SELECT x FROM few) AS ne FROM big;
CREATE VIEW exact AS SELECT b, b > ANY (SELECT y FROM few) AS gt, b <= ALL (SELECT y FROM few) AS le, b = ALL (SELECT y FROM few WHERE y > 2) AS eq FROM big;
CREATE VIEW chosen AS SELECT a, b FROM big WHERE a = ANY (SELECT x FROM few) AND b >= ALL (SELECT y FROM few WHERE y < 4);
CREATE VIEW grouped AS SELECT a, SUM(b) AS s FROM big GROUP BY a HAVING SUM(b) > ANY (SELECT y FROM few);
