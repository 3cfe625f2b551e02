-- A body per named function for Spark 4.1, ANSI on, session zone UTC. vectors.json says what each must answer;
-- duckdb.sql says the same of each.
-- Spark inlines them; it refuses them in ORDER BY and in a lambda (both tried). IcebergSparkSessionExtensions must not
-- be in spark.sql.extensions: 1.11.0's parser throws UnsupportedOperationException on a function with parameters, and
-- Spark 4.1 needs it for neither MERGE nor CALL (tried).
-- In regexes \z, as Java's $ also matches before a last line break.

-- FHIR instant or dateTime with time and offset -> TIMESTAMP in UTC, fractions cut to microseconds; anything else NULL,
-- also what is outside the years 1 to 9999 in UTC.
CREATE OR REPLACE TEMPORARY FUNCTION fhir_instant(t STRING) RETURNS TIMESTAMP_NTZ RETURN
  CASE
    WHEN NOT startswith(t, '0000')
      AND t RLIKE r'\A[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)\z'
      AND (
        left(t, 10) NOT IN ('0001-01-01', '9999-12-31')
        OR try_cast(t AS TIMESTAMP) BETWEEN TIMESTAMP '0001-01-01T00:00:00Z' AND TIMESTAMP '9999-12-31T23:59:59.999999Z'
      )
    THEN CAST(try_cast(t AS TIMESTAMP) AS TIMESTAMP_NTZ)
  END;

-- FHIR date or dateTime of at least day precision -> DATE as written, offset ignored; anything else NULL.
CREATE OR REPLACE TEMPORARY FUNCTION fhir_date(t STRING) RETURNS DATE RETURN
  CASE
    WHEN NOT startswith(t, '0000') AND t RLIKE r'\A[0-9]{4}-[0-9]{2}-[0-9]{2}(\z|T)'
    THEN try_cast(left(t, 10) AS DATE)
  END;

-- Precision of FHIR date text: year, month, day or time; NULL where it is no FHIR date.
CREATE OR REPLACE TEMPORARY FUNCTION fhir_precision(t STRING) RETURNS STRING RETURN
  CASE
    WHEN t IS NULL OR startswith(t, '0000') THEN NULL
    WHEN t RLIKE r'\A[0-9]{4}-[0-9]{2}-[0-9]{2}T(?s:.)' THEN 'time'
    WHEN t RLIKE r'\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z' THEN 'day'
    WHEN t RLIKE r'\A[0-9]{4}-[0-9]{2}\z' THEN 'month'
    WHEN t RLIKE r'\A[0-9]{4}\z' THEN 'year'
  END;

-- 00:00 of a DATE as TIMESTAMP.
CREATE OR REPLACE TEMPORARY FUNCTION start_of_day(d DATE) RETURNS TIMESTAMP_NTZ RETURN CAST(d AS TIMESTAMP_NTZ);

-- A reference through the Bundle's fullUrls, where a map of them is given (JSON object text); else as it is.
CREATE OR REPLACE TEMPORARY FUNCTION resolve_reference(r STRING, local_references STRING) RETURNS STRING RETURN
  CASE
    WHEN local_references IS NULL THEN r
    -- get_json_object finds neither an empty key nor * (tried), and is no faster.
    ELSE coalesce(from_json(local_references, 'MAP<STRING, STRING>')[r], r)
  END;

-- Logical id that a reference to a resource of type t names: t/id, relative or absolute, with or without _history;
-- urn:uuid and urn:oid, which say no type. NULL for another type, a contained or a conditional reference.
CREATE OR REPLACE TEMPORARY FUNCTION reference_id(r STRING, t STRING) RETURNS STRING RETURN
  CASE
    WHEN startswith(r, 'urn:uuid:') OR startswith(r, 'urn:oid:')
      THEN nullif(split_part(r, ':', 3), '')
    ELSE nullif(
      regexp_extract(r, concat(r'(?:\A|/)', t, r'/([A-Za-z0-9.\-]+)(?:/_history/[A-Za-z0-9.\-]+)?\z'), 1),
      ''
    )
  END;

-- Identifier's value in a conditional reference to a resource of type t (t?identifier=system|value); else NULL.
CREATE OR REPLACE TEMPORARY FUNCTION reference_identifier(r STRING, t STRING) RETURNS STRING RETURN
  CASE
    WHEN startswith(r, concat(t, '?'))
      THEN nullif(regexp_extract(r, r'[?&]identifier=(?:[^|&]*\|)?([^|&]+)(?:&|\z)', 1), '')
  END;

-- Age in completed years on a day.
CREATE OR REPLACE TEMPORARY FUNCTION age_in_years(birth DATE, at_day DATE) RETURNS BIGINT RETURN
  CAST(
    year(at_day) - year(birth)
    - CASE WHEN month(at_day) * 100 + day(at_day) < month(birth) * 100 + day(birth) THEN 1 ELSE 0 END
    AS BIGINT
  );
