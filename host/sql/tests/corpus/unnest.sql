-- UNNEST in all its places.
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT ARRAY, m MAP<VARCHAR, BIGINT>, r ROW(x INT, y VARCHAR NULL) ARRAY, nested INT ARRAY ARRAY NOT NULL);
CREATE TABLE s (k INT, w VARCHAR);

CREATE VIEW elements AS SELECT id, e FROM t, UNNEST(t.a) AS u(e);
CREATE VIEW numbered AS SELECT id, u.e, u.n FROM t CROSS JOIN UNNEST(a) WITH ORDINALITY AS u(e, n) WHERE e > 0 AND id > 1;
CREATE VIEW entries AS SELECT id, key, "value" FROM t, UNNEST(m) AS u;
CREATE VIEW fields AS SELECT id, x, y, o FROM t, UNNEST(r) WITH ORDINALITY AS u(x, y, o);
CREATE VIEW kept AS SELECT t.id, u.e, u.n FROM t LEFT JOIN UNNEST(t.a) WITH ORDINALITY AS u(e, n) ON TRUE;
CREATE VIEW twice AS SELECT id, x.e AS inner_array, y.e FROM t, UNNEST(nested) AS x(e), UNNEST(x.e) AS y(e);
CREATE VIEW joined AS SELECT id, w, COUNT(*) AS c FROM t, UNNEST(a) AS u(e) JOIN s ON s.k = u.e GROUP BY id, w;
CREATE VIEW alone AS SELECT e, n FROM UNNEST(ARRAY[3, NULL, 5]) WITH ORDINALITY AS u(e, n);
CREATE VIEW counted AS SELECT e, COUNT(*) AS c, SUM(id) AS s FROM t, UNNEST(a) AS u(e) GROUP BY e;
