SELECT
  p.customer_id,
  p.as_of,
  COALESCE(i.income, a.income) AS income,
  CASE
    WHEN i.income IS NOT NULL THEN 'individual'
    WHEN a.income IS NOT NULL THEN 'postcode'
    ELSE 'none'
  END AS income_level,
  a.income AS postcode_median_income,
  COALESCE(i.age, a.age) AS age,
  COALESCE(i.household_size, a.household_size) AS household_size,
  COALESCE(i.home_owner, a.home_owner) AS home_owner,
  COALESCE(i.life_event, a.life_event, 'unknown') AS life_event,
  COALESCE(i.occupation, a.occupation, 'unknown') AS occupation
FROM points AS p
LEFT JOIN customers AS c
  ON c.customer_id = p.customer_id AND c.known_at < p.as_of
LEFT JOIN (
  SELECT customer_id, known_at, income, age, household_size, home_owner, life_event, occupation,
    LEAD(known_at) OVER (PARTITION BY customer_id ORDER BY known_at, occurred_at, demographic_id) AS until
  FROM (
    SELECT customer_id, occurred_at, known_at, demographic_id, income, age, household_size, home_owner, life_event, occupation,
      MAX(occurred_at) OVER (
        PARTITION BY customer_id ORDER BY known_at, occurred_at, demographic_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS newest
    FROM demographics
    WHERE level = 'individual' AND customer_id IS NOT NULL
  ) AS seen
  WHERE occurred_at = newest
) AS i
  ON i.customer_id = p.customer_id
  AND i.known_at < p.as_of AND (i.until IS NULL OR i.until >= p.as_of)
LEFT JOIN (
  SELECT postcode, known_at, income, age, household_size, home_owner, life_event, occupation,
    LEAD(known_at) OVER (PARTITION BY postcode ORDER BY known_at, occurred_at, demographic_id) AS until
  FROM (
    SELECT postcode, occurred_at, known_at, demographic_id, income, age, household_size, home_owner, life_event, occupation,
      MAX(occurred_at) OVER (
        PARTITION BY postcode ORDER BY known_at, occurred_at, demographic_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS newest
    FROM demographics
    WHERE level = 'postcode' AND postcode IS NOT NULL
  ) AS seen
  WHERE occurred_at = newest
) AS a
  ON a.postcode = c.postcode
  AND a.known_at < p.as_of AND (a.until IS NULL OR a.until >= p.as_of)
