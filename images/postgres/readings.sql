CREATE TABLE readings (id integer PRIMARY KEY, sensor integer NOT NULL, value double precision);
INSERT INTO readings SELECT number, number % 16, number * 0.5 FROM generate_series(1, 8000) AS number;
CREATE INDEX ON readings (sensor, id);
ANALYZE readings;
