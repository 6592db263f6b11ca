SELECT
  p.customer_id,
  p.as_of,
  COUNT(CASE WHEN r.what = 'contact' AND r.occurred_at >= p.from_30_days THEN 1 END) AS contacts_last_30_days,
  COUNT(CASE WHEN r.what = 'contact' AND r.occurred_at >= p.from_90_days THEN 1 END) AS contacts_last_90_days,
  COUNT(CASE WHEN r.what = 'contact' AND r.occurred_at >= p.from_365_days THEN 1 END) AS contacts_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.what = 'contact' THEN r.occurred_at END))) / 86400.0 AS days_since_last_contact,
  COUNT(CASE WHEN r.what = 'contact' AND r.reached_agent AND r.occurred_at >= p.from_90_days THEN 1 END) AS reached_contacts_last_90_days,
  COUNT(CASE WHEN r.what = 'contact' AND r.reached_agent AND r.occurred_at >= p.from_365_days THEN 1 END) AS reached_contacts_last_365_days,
  COUNT(CASE WHEN r.what = 'contact' AND r.presented AND r.occurred_at >= p.from_90_days THEN 1 END) AS presentations_last_90_days,
  COUNT(CASE WHEN r.what = 'contact' AND r.presented AND r.occurred_at >= p.from_365_days THEN 1 END) AS presentations_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.what = 'contact' AND r.presented THEN r.occurred_at END))) / 86400.0 AS days_since_last_presentation,
  COUNT(CASE WHEN r.what = 'outcome' AND r.accepted AND r.occurred_at >= p.from_365_days THEN 1 END) AS accepted_offers_last_365_days,
  CAST(SUM(CASE WHEN r.what = 'contact' AND r.occurred_at >= p.from_365_days THEN CAST(r.waited_seconds AS DECIMAL(18, 4)) END) AS DOUBLE) / NULLIF(COUNT(CASE WHEN r.what = 'contact' AND r.occurred_at >= p.from_365_days THEN 1 END), 0) AS mean_wait_seconds_last_365_days
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
  SELECT customer_id, occurred_at, known_at, 'contact' AS what, reached_agent,
    offer_id IS NOT NULL AS presented, FALSE AS accepted, waited_seconds
  FROM contacts
  UNION ALL
  SELECT customer_id, occurred_at, known_at, 'outcome' AS what, FALSE AS reached_agent,
    FALSE AS presented, accepted, CAST(NULL AS DOUBLE) AS waited_seconds
  FROM outcomes
) AS r
  ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of
  AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of
