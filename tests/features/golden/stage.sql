SELECT
  f.customer_id,
  f.as_of,
  CASE
    WHEN purchaser_from IS NOT NULL THEN 'purchaser'
    WHEN new_business_from IS NOT NULL THEN 'new_business'
    WHEN lead_from IS NOT NULL THEN 'lead'
    ELSE 'prospect'
  END AS stage,
  (EPOCH(f.as_of) - EPOCH(COALESCE(purchaser_from, new_business_from, lead_from, c.occurred_at))) / 86400.0 AS days_in_stage,
  (EPOCH(f.as_of) - EPOCH(c.occurred_at)) / 86400.0 AS days_known
FROM (
  SELECT
    p.customer_id,
    p.as_of,
    MIN(CASE WHEN r.kind IN ('issue', 'purchase') THEN r.occurred_at END) AS purchaser_from,
    MIN(CASE WHEN r.kind IN ('application') THEN r.occurred_at END) AS new_business_from,
    MIN(CASE WHEN r.kind IN ('enquiry') THEN r.occurred_at END) AS lead_from
  FROM points AS p
  LEFT JOIN (
    SELECT customer_id, occurred_at, known_at, kind FROM customer_events
    WHERE kind IN ('issue', 'purchase', 'application', 'enquiry')
  ) AS r
    ON r.customer_id = p.customer_id
    AND r.occurred_at < p.as_of
    AND r.known_at < p.as_of
  GROUP BY p.customer_id, p.as_of
) AS f
LEFT JOIN customers AS c
  ON c.customer_id = f.customer_id AND c.known_at < f.as_of
