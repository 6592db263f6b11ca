SELECT
  p.customer_id,
  p.as_of,
  COUNT(CASE WHEN r.kind = 'enquiry' AND r.occurred_at >= p.from_7_days THEN 1 END) AS enquiries_last_7_days,
  COUNT(CASE WHEN r.kind = 'enquiry' AND r.occurred_at >= p.from_30_days THEN 1 END) AS enquiries_last_30_days,
  COUNT(CASE WHEN r.kind = 'enquiry' AND r.occurred_at >= p.from_90_days THEN 1 END) AS enquiries_last_90_days,
  COUNT(CASE WHEN r.kind = 'enquiry' AND r.occurred_at >= p.from_365_days THEN 1 END) AS enquiries_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'enquiry' THEN r.occurred_at END))) / 86400.0 AS days_since_last_enquiry,
  COUNT(CASE WHEN r.kind = 'enquiry' AND r.occurred_at >= p.from_30_days THEN 1 END) / NULLIF(COUNT(CASE WHEN r.kind = 'enquiry' AND r.occurred_at >= p.from_90_days THEN 1 END) / 3.0, 0) AS enquiries_trend,
  COUNT(CASE WHEN r.kind = 'application' AND r.occurred_at >= p.from_30_days THEN 1 END) AS applications_last_30_days,
  COUNT(CASE WHEN r.kind = 'application' AND r.occurred_at >= p.from_90_days THEN 1 END) AS applications_last_90_days,
  COUNT(CASE WHEN r.kind = 'application' AND r.occurred_at >= p.from_365_days THEN 1 END) AS applications_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'application' THEN r.occurred_at END))) / 86400.0 AS days_since_last_application,
  COUNT(CASE WHEN r.kind = 'issue' AND r.occurred_at >= p.from_365_days THEN 1 END) AS issues_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'issue' THEN r.occurred_at END))) / 86400.0 AS days_since_last_issue,
  COUNT(CASE WHEN r.kind = 'purchase' AND r.occurred_at >= p.from_90_days THEN 1 END) AS purchases_last_90_days,
  COUNT(CASE WHEN r.kind = 'purchase' AND r.occurred_at >= p.from_365_days THEN 1 END) AS purchases_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'purchase' THEN r.occurred_at END))) / 86400.0 AS days_since_last_purchase,
  COUNT(CASE WHEN r.kind = 'payment' AND r.occurred_at >= p.from_30_days THEN 1 END) AS payments_last_30_days,
  COUNT(CASE WHEN r.kind = 'payment' AND r.occurred_at >= p.from_90_days THEN 1 END) AS payments_last_90_days,
  COUNT(CASE WHEN r.kind = 'payment' AND r.occurred_at >= p.from_365_days THEN 1 END) AS payments_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'payment' THEN r.occurred_at END))) / 86400.0 AS days_since_last_payment,
  COUNT(CASE WHEN r.kind = 'payment' AND r.occurred_at >= p.from_30_days THEN 1 END) / NULLIF(COUNT(CASE WHEN r.kind = 'payment' AND r.occurred_at >= p.from_90_days THEN 1 END) / 3.0, 0) AS payments_trend,
  COUNT(CASE WHEN r.kind = 'missed_payment' AND r.occurred_at >= p.from_30_days THEN 1 END) AS missed_payments_last_30_days,
  COUNT(CASE WHEN r.kind = 'missed_payment' AND r.occurred_at >= p.from_90_days THEN 1 END) AS missed_payments_last_90_days,
  COUNT(CASE WHEN r.kind = 'missed_payment' AND r.occurred_at >= p.from_365_days THEN 1 END) AS missed_payments_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'missed_payment' THEN r.occurred_at END))) / 86400.0 AS days_since_last_missed_payment,
  COUNT(CASE WHEN r.kind = 'lapse' AND r.occurred_at >= p.from_365_days THEN 1 END) AS lapses_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'lapse' THEN r.occurred_at END))) / 86400.0 AS days_since_last_lapse,
  COUNT(CASE WHEN r.kind = 'claim' AND r.occurred_at >= p.from_30_days THEN 1 END) AS claims_last_30_days,
  COUNT(CASE WHEN r.kind = 'claim' AND r.occurred_at >= p.from_90_days THEN 1 END) AS claims_last_90_days,
  COUNT(CASE WHEN r.kind = 'claim' AND r.occurred_at >= p.from_365_days THEN 1 END) AS claims_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'claim' THEN r.occurred_at END))) / 86400.0 AS days_since_last_claim,
  COUNT(CASE WHEN r.kind = 'service_request' AND r.occurred_at >= p.from_7_days THEN 1 END) AS service_requests_last_7_days,
  COUNT(CASE WHEN r.kind = 'service_request' AND r.occurred_at >= p.from_30_days THEN 1 END) AS service_requests_last_30_days,
  COUNT(CASE WHEN r.kind = 'service_request' AND r.occurred_at >= p.from_90_days THEN 1 END) AS service_requests_last_90_days,
  COUNT(CASE WHEN r.kind = 'service_request' AND r.occurred_at >= p.from_365_days THEN 1 END) AS service_requests_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'service_request' THEN r.occurred_at END))) / 86400.0 AS days_since_last_service_request,
  COUNT(CASE WHEN r.kind = 'service_request' AND r.occurred_at >= p.from_30_days THEN 1 END) / NULLIF(COUNT(CASE WHEN r.kind = 'service_request' AND r.occurred_at >= p.from_90_days THEN 1 END) / 3.0, 0) AS service_requests_trend,
  COALESCE(CAST(SUM(CASE WHEN r.kind = 'payment' AND r.occurred_at >= p.from_30_days THEN CAST(r.amount AS DECIMAL(18, 4)) END) AS DOUBLE), 0.0) AS payments_amount_last_30_days,
  COALESCE(CAST(SUM(CASE WHEN r.kind = 'payment' AND r.occurred_at >= p.from_90_days THEN CAST(r.amount AS DECIMAL(18, 4)) END) AS DOUBLE), 0.0) AS payments_amount_last_90_days,
  COALESCE(CAST(SUM(CASE WHEN r.kind = 'payment' AND r.occurred_at >= p.from_365_days THEN CAST(r.amount AS DECIMAL(18, 4)) END) AS DOUBLE), 0.0) AS payments_amount_last_365_days,
  COALESCE(CAST(SUM(CASE WHEN r.kind = 'purchase' AND r.occurred_at >= p.from_365_days THEN CAST(r.amount AS DECIMAL(18, 4)) END) AS DOUBLE), 0.0) AS purchases_amount_last_365_days,
  COALESCE(CAST(SUM(CASE WHEN r.kind = 'claim' AND r.occurred_at >= p.from_365_days THEN CAST(r.amount AS DECIMAL(18, 4)) END) AS DOUBLE), 0.0) AS claims_amount_last_365_days
FROM (
  SELECT
    customer_id,
    as_of,
    as_of - INTERVAL 7 DAY AS from_7_days,
    as_of - INTERVAL 30 DAY AS from_30_days,
    as_of - INTERVAL 90 DAY AS from_90_days,
    as_of - INTERVAL 365 DAY AS from_365_days
  FROM points
) AS p
LEFT JOIN (
  SELECT customer_id, occurred_at, known_at, kind, amount FROM customer_events
) AS r
  ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of
  AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of
