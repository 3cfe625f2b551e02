-- A body per named function for DuckDB. vectors.json says what each must answer.

-- FHIR instant or dateTime with time and offset -> TIMESTAMP in UTC, fractions cut to microseconds; anything else NULL.
-- The regex guards the cast: TRY_CAST alone reads text without offset in the session's zone.
CREATE OR REPLACE TEMP MACRO fhir_instant(t) AS
  CASE
    WHEN NOT starts_with(t, '0000') AND regexp_full_match(
      t,
      '\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)'
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
    WHEN regexp_full_match(t, '\d{4}-\d{2}-\d{2}T.+') THEN 'time'
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
    ELSE coalesce(json_extract_string(local_references, '$."' || r || '"'), r)
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
      THEN nullif(regexp_extract(r, '[?&]identifier=(?:[^|&]*\|)?([^|&]+)', 1), '')
  END;

-- Age in completed years on a day. Spelled out: engines' year differences disagree on 29 February (DuckDB's says 46 for
-- 1980-02-29 to 2026-02-28).
CREATE OR REPLACE TEMP MACRO age_in_years(birth, at_day) AS
  CAST(
    year(CAST(at_day AS DATE)) - year(CAST(birth AS DATE))
    - CASE
      WHEN month(CAST(at_day AS DATE)) * 100 + day(CAST(at_day AS DATE))
        < month(CAST(birth AS DATE)) * 100 + day(CAST(birth AS DATE))
      THEN 1
      ELSE 0
    END AS BIGINT
  );
