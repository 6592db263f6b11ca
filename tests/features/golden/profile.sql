SELECT
  p.customer_id,
  p.as_of,
  CAST(CASE WHEN c.phone IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_phone,
  CAST(CASE WHEN c.email IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_email,
  COALESCE(c.language, 'unknown') AS language,
  COALESCE(c.preferred_channel, 'none') AS preferred_channel
FROM points AS p
LEFT JOIN customers AS c
  ON c.customer_id = p.customer_id AND c.known_at < p.as_of
