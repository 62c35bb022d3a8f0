-- Statements and clauses in many spellings.
create table T (Id int primary key not null, "Name" varchar(20) default 'x' not null, n int default 5 not null, ts timestamp default TIMESTAMP '2020-01-01 00:00:00', v decimal(5,2) default 1.5)
 with ('connectors' = '[{"name": "a", "transport": {"name": "url_input", "config": {"path": "x"}}}]', 'append_only' = 'false');
create table U (t_id int foreign key references T(id), k bigint not null, s text, primary key (k, t_id2), t_id2 int not null);
create view A as select ID, "Name", t.n as nn, nn + 1 as more from T where N > 3;
create view B as select t.*, u.s from t join u on t.id = u.t_id;
create view C as select * exclude (n) from t;
create view D(x, y) as select id, n from t;
create view E as select n, count(*) c, sum(v) filter (where id > 1) from t group by n having c > 1;
create view F as select case n when 1 then 'a' when 2 then 'b' else null end as r, id::varchar || 'x' as s from t;
create view G as (select id from t) union all (select k from u) except select n from t;
create view H as select max(id) from t group by ();
create view I as with x as (select id, n from t), y(a) as (select n from x) select a from y where exists (select 1 from x);
create view J as select count(*), t.n from t, u where t.id = u.t_id group by t.n order by 1;
create view K as table t;
create view N as select substring("Name" from 1 for 2) p, position('a' in "Name"), trim("Name") from t;
create view P as select a.id from t a left join t b using (id) where b.n is null;
