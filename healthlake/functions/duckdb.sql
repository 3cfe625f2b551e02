-- A body per named function for DuckDB. vectors.json says what each must answer; spark.sql says the same of each.

-- FHIR instant or dateTime with time and offset -> TIMESTAMP in UTC, fractions cut to microseconds; anything else NULL,
-- also what is outside the years 1 to 9999 in UTC.
CREATE OR REPLACE TEMP MACRO fhir_instant(t) AS
  CASE
    -- The regex guards the cast: TRY_CAST alone reads text without offset in the session's zone.
    WHEN NOT starts_with(t, '0000') AND regexp_full_match(
      t,
      '\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)'
    )
      AND (
        left(t, 10) NOT IN ('0001-01-01', '9999-12-31')
        OR try_cast(t AS TIMESTAMPTZ)
          BETWEEN TIMESTAMPTZ '0001-01-01 00:00:00+00' AND TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'
      )
    THEN try_cast(t AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
  END;

-- FHIR date or dateTime of at least day precision -> DATE as written, offset ignored; anything else NULL.
CREATE OR REPLACE TEMP MACRO fhir_date(t) AS
  CASE
    WHEN NOT starts_with(t, '0000') AND regexp_matches(t, '^\d{4}-\d{2}-\d{2}($|T)')
    THEN try_cast(left(t, 10) AS DATE)
  END;

-- Precision of FHIR date text: year, month, day or time; NULL where it is no FHIR date.
CREATE OR REPLACE TEMP MACRO fhir_precision(t) AS
  CASE
    WHEN t IS NULL OR starts_with(t, '0000') THEN NULL
    WHEN regexp_matches(t, '^\d{4}-\d{2}-\d{2}T(?s:.)') THEN 'time'
    WHEN regexp_full_match(t, '\d{4}-\d{2}-\d{2}') THEN 'day'
    WHEN regexp_full_match(t, '\d{4}-\d{2}') THEN 'month'
    WHEN regexp_full_match(t, '\d{4}') THEN 'year'
  END;

-- 00:00 of a DATE as TIMESTAMP.
CREATE OR REPLACE TEMP MACRO start_of_day(d) AS CAST(d AS TIMESTAMP);

-- A reference through the Bundle's fullUrls, where a map of them is given (JSON object text); else as it is.
CREATE OR REPLACE TEMP MACRO resolve_reference(r, local_references) AS
  CASE
    WHEN local_references IS NULL THEN r
    -- A JSON pointer: in a path ($."…") a key that is empty or holds a quote is an error of the whole query (tried).
    ELSE coalesce(
      json_extract_string(local_references, '/' || replace(replace(r, '~', '~0'), '/', '~1')),
      r
    )
  END;

-- Logical id that a reference to a resource of type t names: t/id, relative or absolute, with or without _history;
-- urn:uuid and urn:oid, which say no type. NULL for another type, a contained or a conditional reference.
CREATE OR REPLACE TEMP MACRO reference_id(r, t) AS
  CASE
    WHEN starts_with(r, 'urn:uuid:') OR starts_with(r, 'urn:oid:')
      THEN nullif(split_part(r, ':', 3), '')
    ELSE nullif(regexp_extract(r, '(?:^|/)' || t || '/([A-Za-z0-9.\-]+)(?:/_history/[A-Za-z0-9.\-]+)?$', 1), '')
  END;

-- Identifier's value in a conditional reference to a resource of type t (t?identifier=system|value); else NULL.
CREATE OR REPLACE TEMP MACRO reference_identifier(r, t) AS
  CASE
    WHEN starts_with(r, t || '?')
      THEN nullif(regexp_extract(r, '[?&]identifier=(?:[^|&]*\|)?([^|&]+)(?:&|\z)', 1), '')
  END;

-- Age in completed years on a day.
CREATE OR REPLACE TEMP MACRO age_in_years(birth, at_day) AS
  -- Spelled out: DuckDB's year difference says 46 for 1980-02-29 to 2026-02-28.
  CAST(
    year(CAST(at_day AS DATE)) - year(CAST(birth AS DATE))
    - CASE
      WHEN month(CAST(at_day AS DATE)) * 100 + day(CAST(at_day AS DATE))
        < month(CAST(birth AS DATE)) * 100 + day(CAST(birth AS DATE))
      THEN 1
      ELSE 0
    END AS BIGINT
  );
