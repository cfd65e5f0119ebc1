-- How much of what came in was accepted, by stage: rows and rejects of the newest commit of each
-- partition, and what these commits took. Rows can be more than inputs where a stage makes several of one.
-- SQL models reject nothing and are left out.
WITH newest AS (
    SELECT *
    FROM ops.commits
    WHERE kind <> 'sql'
    QUALIFY row_number() OVER (PARTITION BY recipe, stage, partition_key ORDER BY serial DESC) = 1
)
SELECT
    recipe,
    stage,
    kind,
    count(*) AS partitions,
    sum(input_rows)::BIGINT AS input_rows,
    sum(rows)::BIGINT AS rows,
    sum(rejects)::BIGINT AS rejects,
    coalesce(sum(rejects) / nullif(sum(rows) + sum(rejects), 0), 0)::DOUBLE AS reject_share,
    sum(calls)::BIGINT AS calls,
    sum(hits)::BIGINT AS hits,
    max(committed_at) AS committed_at
FROM newest
GROUP BY recipe, stage, kind
ORDER BY recipe, stage
