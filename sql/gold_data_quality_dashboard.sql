-- Per table, as known on :dt: rows, null rate on keys, duplicates removed by kind, quarantined. Athena's dialect;
-- `…_as_of` relations are generated (healthlake/conform/as_of.py).
WITH counted AS (
  SELECT
    'bronze_patient' AS table_name,
    count(CASE WHEN dt = :dt THEN 1 END) AS rows_of_day,
    count(*) AS rows_as_of,
    'resource_id' AS key_columns,
    count(CASE WHEN resource_id IS NULL THEN 1 END) AS rows_with_null_key
  FROM bronze_patient
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'bronze_encounter',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'resource_id',
    count(CASE WHEN resource_id IS NULL THEN 1 END)
  FROM bronze_encounter
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'bronze_observation',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'resource_id',
    count(CASE WHEN resource_id IS NULL THEN 1 END)
  FROM bronze_observation
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'bronze_other',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'resource_id',
    count(CASE WHEN resource_id IS NULL THEN 1 END)
  FROM bronze_other
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'bronze_deletion',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'resource_id',
    count(CASE WHEN resource_id IS NULL THEN 1 END)
  FROM bronze_deletion
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'bronze_file',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'file_id',
    count(CASE WHEN file_id IS NULL THEN 1 END)
  FROM bronze_file
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'silver_patient_history',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'patient_id',
    count(CASE WHEN patient_id IS NULL THEN 1 END)
  FROM silver_patient_history
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'silver_encounter_history',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'encounter_id,patient_id',
    count(CASE WHEN encounter_id IS NULL OR (patient_id IS NULL AND NOT is_deleted) THEN 1 END)
  FROM silver_encounter_history
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'silver_observation_history',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'observation_id,patient_id',
    count(CASE WHEN observation_id IS NULL OR (patient_id IS NULL AND NOT is_deleted) THEN 1 END)
  FROM silver_observation_history
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'silver_dim_patient',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'patient_id',
    count(CASE WHEN patient_id IS NULL THEN 1 END)
  FROM silver_dim_patient_as_of
  UNION ALL
  SELECT
    'silver_fct_encounter',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'encounter_id,patient_id',
    count(CASE WHEN encounter_id IS NULL OR patient_id IS NULL THEN 1 END)
  FROM silver_fct_encounter_as_of
  UNION ALL
  SELECT
    'silver_fct_observation_value',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'patient_id,obs_datetime,obs_code',
    count(CASE WHEN patient_id IS NULL OR obs_datetime IS NULL OR obs_code IS NULL THEN 1 END)
  FROM silver_fct_observation_value_as_of
  UNION ALL
  SELECT
    'bronze_quarantine',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'file_id',
    count(CASE WHEN file_id IS NULL THEN 1 END)
  FROM bronze_quarantine
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'silver_quarantine',
    count(CASE WHEN dt = :dt THEN 1 END),
    count(*),
    'file_id',
    count(CASE WHEN file_id IS NULL THEN 1 END)
  FROM silver_quarantine
  WHERE dt <= :dt
  UNION ALL
  SELECT
    'silver_fct_observation',
    CAST(NULL AS BIGINT),
    count(*),
    'patient_id,obs_datetime,obs_code',
    CAST(0 AS BIGINT)
  FROM (
    SELECT patient_id, obs_datetime, obs_code
    FROM silver_fct_observation_value_as_of
    WHERE patient_id IS NOT NULL AND obs_datetime IS NOT NULL AND obs_code IS NOT NULL
    GROUP BY patient_id, obs_datetime, obs_code
  ) AS o
),
grain AS (
  SELECT
    count(*) AS grains,
    CAST(coalesce(sum(n), 0) AS BIGINT) AS values_in_grains
  FROM (
    SELECT count(*) AS n
    FROM silver_fct_observation_value_as_of
    WHERE patient_id IS NOT NULL AND obs_datetime IS NOT NULL AND obs_code IS NOT NULL
    GROUP BY patient_id, obs_datetime, obs_code
  ) AS g
),
removed AS (
  SELECT table_name, exact, superseded, conflicts, quarantined
  FROM silver_reconciliation
  WHERE dt = :dt
),
seen_before AS (
  SELECT 'silver_patient_history' AS table_name, count(*) AS re_sent
  FROM (
    SELECT patient_id, content_hash
    FROM silver_patient_history
    WHERE dt <= :dt
    GROUP BY patient_id, content_hash
    HAVING min(dt) < :dt AND max(dt) = :dt
  ) AS h
  UNION ALL
  SELECT 'silver_encounter_history', count(*)
  FROM (
    SELECT encounter_id, content_hash
    FROM silver_encounter_history
    WHERE dt <= :dt
    GROUP BY encounter_id, content_hash
    HAVING min(dt) < :dt AND max(dt) = :dt
  ) AS h
  UNION ALL
  SELECT 'silver_observation_history', count(*)
  FROM (
    SELECT observation_id, content_hash
    FROM silver_observation_history
    WHERE dt <= :dt
    GROUP BY observation_id, content_hash
    HAVING min(dt) < :dt AND max(dt) = :dt
  ) AS h
),
set_aside AS (
  SELECT count(*) AS quarantined
  FROM bronze_quarantine
  WHERE dt = :dt
)
SELECT
  :dt AS dt,
  c.table_name,
  c.rows_of_day,
  c.rows_as_of,
  c.key_columns,
  c.rows_with_null_key,
  CAST(c.rows_with_null_key AS DOUBLE) / nullif(CAST(c.rows_as_of AS DOUBLE), 0) AS null_key_rate,
  coalesce(r.exact, 0) AS exact,
  coalesce(r.superseded, 0) AS superseded,
  coalesce(r.conflicts, 0) AS conflicts,
  coalesce(b.re_sent, 0) AS re_sent,
  CASE WHEN c.table_name = 'silver_fct_observation_value' THEN g.values_in_grains - g.grains ELSE 0 END AS collapsed,
  CASE WHEN c.table_name = 'bronze_file' THEN s.quarantined ELSE coalesce(r.quarantined, 0) END AS quarantined
FROM counted AS c
CROSS JOIN grain AS g
CROSS JOIN set_aside AS s
LEFT JOIN removed AS r ON r.table_name = c.table_name
LEFT JOIN seen_before AS b ON b.table_name = c.table_name
