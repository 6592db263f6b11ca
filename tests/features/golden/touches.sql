SELECT
  p.customer_id,
  p.as_of,
  COUNT(CASE WHEN r.occurred_at >= p.from_30_days THEN 1 END) AS touches_last_30_days,
  COUNT(CASE WHEN r.occurred_at >= p.from_90_days THEN 1 END) AS touches_last_90_days,
  COUNT(CASE WHEN r.occurred_at >= p.from_365_days THEN 1 END) AS touches_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(r.occurred_at))) / 86400.0 AS days_since_last_touch,
  COALESCE(CAST(SUM(CASE WHEN r.occurred_at >= p.from_90_days THEN CAST(r.cost AS DECIMAL(18, 4)) END) AS DOUBLE), 0.0) AS touches_cost_last_90_days,
  COALESCE(CAST(SUM(CASE WHEN r.occurred_at >= p.from_365_days THEN CAST(r.cost AS DECIMAL(18, 4)) END) AS DOUBLE), 0.0) AS touches_cost_last_365_days,
  COUNT(CASE WHEN r.medium = 'television' AND r.occurred_at >= p.from_365_days THEN 1 END) AS television_touches_last_365_days,
  COUNT(CASE WHEN r.medium = 'search' AND r.occurred_at >= p.from_365_days THEN 1 END) AS search_touches_last_365_days,
  COUNT(CASE WHEN r.medium = 'social' AND r.occurred_at >= p.from_365_days THEN 1 END) AS social_touches_last_365_days,
  COUNT(CASE WHEN r.medium = 'direct_mail' AND r.occurred_at >= p.from_365_days THEN 1 END) AS direct_mail_touches_last_365_days,
  COUNT(CASE WHEN r.medium = 'referral' AND r.occurred_at >= p.from_365_days THEN 1 END) AS referral_touches_last_365_days,
  COUNT(CASE WHEN r.medium = 'radio' AND r.occurred_at >= p.from_365_days THEN 1 END) AS radio_touches_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MIN(r.occurred_at))) / 86400.0 AS days_since_first_touch,
  COALESCE(MIN(STRUCT_PACK(at := r.occurred_at, value := r.medium)).value, 'none') AS first_touch_medium,
  COALESCE(MAX(STRUCT_PACK(at := r.occurred_at, value := r.medium)).value, 'none') AS last_touch_medium
FROM (
  SELECT
    customer_id,
    as_of,
    as_of - INTERVAL 30 DAY AS from_30_days,
    as_of - INTERVAL 90 DAY AS from_90_days,
    as_of - INTERVAL 365 DAY AS from_365_days
  FROM points
) AS p
LEFT JOIN (
  SELECT customer_id, occurred_at, known_at, medium, cost FROM attributions
) AS r
  ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of
  AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of
