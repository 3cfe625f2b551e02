-- The population as known on :dt. Athena's dialect; `…_as_of` relations are generated (healthlake/conform/as_of.py):
-- the winning version of every id in the drops up to :dt.
WITH patient AS (
  SELECT
    patient_id,
    coalesce(gender, 'unknown') AS gender,
    CASE WHEN is_deceased THEN 'dead' ELSE 'living' END AS vital_status,
    age_in_years(
      birth_date,
      CASE WHEN is_deceased THEN fhir_date(deceased_datetime_text) ELSE :dt END
    ) AS age
  FROM silver_dim_patient_as_of
),
banded AS (
  SELECT
    patient_id,
    gender,
    vital_status,
    CASE
      WHEN age IS NULL OR age < 0 THEN 'unknown'
      WHEN age < 10 THEN '00-09'
      WHEN age < 20 THEN '10-19'
      WHEN age < 30 THEN '20-29'
      WHEN age < 40 THEN '30-39'
      WHEN age < 50 THEN '40-49'
      WHEN age < 60 THEN '50-59'
      WHEN age < 70 THEN '60-69'
      WHEN age < 80 THEN '70-79'
      WHEN age < 90 THEN '80-89'
      ELSE '90+'
    END AS age_band
  FROM patient
),
encounter AS (
  SELECT
    encounter_id,
    patient_id,
    coalesce(date_format(period_start, '%Y-%m'), 'unknown') AS month,
    coalesce(class_code, 'unknown') AS class_code
  FROM silver_fct_encounter_as_of
  WHERE coalesce(status, 'unknown') NOT IN ('entered-in-error', 'cancelled', 'planned')
),
observation AS (
  SELECT
    observation_id,
    coalesce(date_format(obs_datetime, '%Y-%m'), 'unknown') AS month,
    coalesce(category_code, 'unknown') AS category_code
  FROM silver_fct_observation_value_as_of
  WHERE coalesce(status, 'unknown') NOT IN ('entered-in-error', 'cancelled')
)
SELECT
  :dt AS dt,
  'patients' AS measure,
  'all' AS time_bucket,
  'vital_status' AS category_type,
  vital_status AS category,
  'all' AS subcategory,
  count(*) AS value
FROM banded
GROUP BY vital_status
UNION ALL
SELECT
  :dt,
  concat(vital_status, '_patients'),
  'all',
  'sex_and_age_band',
  gender,
  age_band,
  count(*)
FROM banded
GROUP BY vital_status, gender, age_band
UNION ALL
SELECT :dt, 'encounters', month, 'encounter_class', class_code, 'all', count(*)
FROM encounter
GROUP BY month, class_code
UNION ALL
SELECT :dt, 'patients_seen', month, 'encounter_class', class_code, 'all', count(DISTINCT patient_id)
FROM encounter
GROUP BY month, class_code
UNION ALL
SELECT :dt, 'observations', month, 'observation_category', category_code, 'all', count(DISTINCT observation_id)
FROM observation
GROUP BY month, category_code
