-- A body per named function for Athena, which has no macros: every call is replaced by the body, with the arguments in
-- place of the parameters (inline.py). vectors.json says what each must answer; duckdb.sql says the same of each.
-- Trino 476 answers them in the tests. In regexes \z, as Java's $ also matches before a last line break.

-- FHIR instant or dateTime with time and offset -> TIMESTAMP in UTC, fractions cut to microseconds; anything else NULL,
-- also what is outside the years 1 to 9999 in UTC.
CREATE OR REPLACE TEMP MACRO fhir_instant(t) AS
  CASE
    WHEN NOT starts_with(t, '0000') AND regexp_like(
      t,
      '\A[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)\z'
    )
    THEN CASE
      WHEN substr(t, 1, 10) NOT IN ('0001-01-01', '9999-12-31') OR date_add(
        'minute',
        CASE substr(t, -6, 1) WHEN '+' THEN -1 WHEN '-' THEN 1 ELSE 0 END
          * coalesce(try_cast(substr(t, -5, 2) AS INTEGER) * 60 + try_cast(substr(t, -2) AS INTEGER), 0),
        try_cast(concat(substr(t, 1, 10), ' ', substr(t, 12, 8)) AS TIMESTAMP(6))
      ) BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59'
      -- Spelled out: Trino's own readers take other forms, round the fraction, and end at other years.
      THEN date_add(
        'minute',
        CASE substr(t, -6, 1) WHEN '+' THEN -1 WHEN '-' THEN 1 ELSE 0 END
          * coalesce(try_cast(substr(t, -5, 2) AS INTEGER) * 60 + try_cast(substr(t, -2) AS INTEGER), 0),
        try_cast(
          concat(
            substr(t, 1, 10),
            ' ',
            substr(t, 12, 8),
            '.',
            rpad(substr(coalesce(regexp_extract(t, '\.([0-9]+)', 1), ''), 1, 6), 6, '0')
          ) AS TIMESTAMP(6)
        )
      )
    END
  END;

-- FHIR date or dateTime of at least day precision -> DATE as written, offset ignored; anything else NULL.
CREATE OR REPLACE TEMP MACRO fhir_date(t) AS
  CASE
    WHEN NOT starts_with(t, '0000') AND regexp_like(t, '\A[0-9]{4}-[0-9]{2}-[0-9]{2}(\z|T)')
    THEN try_cast(substr(t, 1, 10) AS DATE)
  END;

-- Precision of FHIR date text: year, month, day or time; NULL where it is no FHIR date.
CREATE OR REPLACE TEMP MACRO fhir_precision(t) AS
  CASE
    WHEN t IS NULL OR starts_with(t, '0000') THEN CAST(NULL AS VARCHAR)
    WHEN regexp_like(t, '\A[0-9]{4}-[0-9]{2}-[0-9]{2}T(?s:.)') THEN 'time'
    WHEN regexp_like(t, '\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z') THEN 'day'
    WHEN regexp_like(t, '\A[0-9]{4}-[0-9]{2}\z') THEN 'month'
    WHEN regexp_like(t, '\A[0-9]{4}\z') THEN 'year'
  END;

-- 00:00 of a DATE as TIMESTAMP.
CREATE OR REPLACE TEMP MACRO start_of_day(d) AS CAST(d AS TIMESTAMP(6));

-- A reference through the Bundle's fullUrls, where a map of them is given (JSON object text); else as it is.
CREATE OR REPLACE TEMP MACRO resolve_reference(r, local_references) AS
  CASE
    WHEN local_references IS NULL THEN r
    ELSE coalesce(element_at(CAST(json_parse(local_references) AS MAP(VARCHAR, VARCHAR)), r), r)
  END;

-- Logical id that a reference to a resource of type t names: t/id, relative or absolute, with or without _history;
-- urn:uuid and urn:oid, which say no type. NULL for another type, a contained or a conditional reference.
CREATE OR REPLACE TEMP MACRO reference_id(r, t) AS
  CASE
    WHEN starts_with(r, 'urn:uuid:') OR starts_with(r, 'urn:oid:')
      THEN nullif(split_part(r, ':', 3), '')
    ELSE nullif(
      regexp_extract(r, concat('(?:\A|/)', t, '/([A-Za-z0-9.\-]+)(?:/_history/[A-Za-z0-9.\-]+)?\z'), 1),
      ''
    )
  END;

-- Identifier's value in a conditional reference to a resource of type t (t?identifier=system|value); else NULL.
CREATE OR REPLACE TEMP MACRO reference_identifier(r, t) AS
  CASE
    WHEN starts_with(r, concat(t, '?'))
      THEN nullif(regexp_extract(r, '[?&]identifier=(?:[^|&]*\|)?([^|&]+)(?:&|\z)', 1), '')
  END;

-- Age in completed years on a day.
CREATE OR REPLACE TEMP MACRO age_in_years(birth, at_day) AS
  CAST(
    year(at_day) - year(birth)
    - CASE WHEN month(at_day) * 100 + day(at_day) < month(birth) * 100 + day(birth) THEN 1 ELSE 0 END
    AS BIGINT
  );
