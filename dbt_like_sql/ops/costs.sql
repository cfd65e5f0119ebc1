-- What the teacher was asked and what it cost, by recipe, stage, model and day.
-- Answers taken from the ledger cost nothing and are not counted here. `unpriced_calls` have no known
-- price, so `cost_usd` is what is known to have been spent; `spare_calls` are answers that two runs
-- bought at the same time.
SELECT
    recipe,
    stage,
    model,
    day,
    count(*) AS calls,
    count(*) FILTER (WHERE repair > 0) AS repair_calls,
    count(*) FILTER (WHERE spare) AS spare_calls,
    count(*) FILTER (WHERE cost_usd IS NULL) AS unpriced_calls,
    coalesce(sum(prompt_tokens), 0)::BIGINT AS prompt_tokens,
    coalesce(sum(completion_tokens), 0)::BIGINT AS completion_tokens,
    sum(cost_usd)::DOUBLE AS cost_usd,
    avg(latency_s)::DOUBLE AS mean_latency_s,
    quantile_cont(latency_s, 0.95)::DOUBLE AS p95_latency_s,
    avg(attempts)::DOUBLE AS mean_attempts
FROM ops.calls
GROUP BY recipe, stage, model, day
ORDER BY day, recipe, stage, model
