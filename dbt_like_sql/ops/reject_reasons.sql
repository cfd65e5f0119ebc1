-- Why rows were rejected, by stage and reason: what the tables hold now, and the share of each reason.
WITH newest AS (
    SELECT run_id, recipe, stage, partition_key
    FROM ops.commits
    QUALIFY row_number() OVER (PARTITION BY recipe, stage, partition_key ORDER BY serial DESC) = 1
),
counted AS (
    SELECT recipe, stage, reason, sum(rejects)::BIGINT AS rejects, count(DISTINCT partition_key) AS partitions
    FROM ops.reject_counts
    SEMI JOIN newest USING (run_id, recipe, stage, partition_key)
    GROUP BY recipe, stage, reason
)
SELECT
    recipe,
    stage,
    reason,
    rejects,
    partitions,
    (rejects / sum(rejects) OVER (PARTITION BY recipe, stage))::DOUBLE AS share
FROM counted
WHERE rejects > 0
ORDER BY recipe, stage, rejects DESC, reason
