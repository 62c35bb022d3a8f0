-- Who may do what (who-may-what)
--
-- Permissions that follow from groups: when somebody joins or leaves a group, or a grant is taken back,
-- the view `may` changes by exactly the rows concerned.
--
CREATE TABLE members (
    person VARCHAR NOT NULL,
    team VARCHAR NOT NULL
);

CREATE TABLE grants (
    team VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    permission VARCHAR NOT NULL
);

CREATE TABLE blocked (
    person VARCHAR NOT NULL PRIMARY KEY
);

CREATE MATERIALIZED VIEW may AS
SELECT DISTINCT m.person, g.document, g.permission
FROM members m
JOIN grants g ON g.team = m.team
LEFT JOIN blocked b ON b.person = m.person
WHERE b.person IS NULL;
