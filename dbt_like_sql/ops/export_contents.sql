-- What each export contains: where its files are, how many lines were written and how many rows stayed
-- out, from which tables and at which snapshot of the lake. `is_current` marks the newest of each stage.
SELECT
    recipe,
    stage,
    kind,
    run_id,
    serial,
    committed_at,
    folder,
    row_number() OVER newest_first = 1 AS is_current,
    input_rows,
    rows,
    rejects,
    json_keys(inputs) AS source_tables,
    (json_extract(inputs, '$.*.snapshot')[1])::BIGINT AS snapshot,
    fingerprint
FROM ops.commits
WHERE folder IS NOT NULL
WINDOW newest_first AS (PARTITION BY recipe, stage, partition_key ORDER BY serial DESC)
ORDER BY committed_at DESC, recipe, stage
