create or replace macro year_start() as timestamptz '2024-01-01 00:00:00+00';
create or replace macro year_seconds() as 31536000;
create or replace macro random_of(name, n) as md5_number_lower(name || n::varchar);
-- Customer k of n has the rows from rows_before(k - 1) to rows_before(k): the fourth root lets the
-- first 1 % of the customers have 32 % of the rows, and the median customer 21.
create or replace macro rows_before(k) as
    floor(sqrt(sqrt(k::double / {customers})) * {rows})::bigint;
-- A random second in one of the equal parts of the year that a customer's rows divide it into: no
-- two rows of a customer have the same time.
create or replace macro row_second(customer, part, parts) as
    part * (year_seconds() // parts)
    + (random_of('at' || customer || ' ', part) % (year_seconds() // parts)::ubigint)::bigint;
