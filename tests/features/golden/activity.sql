SELECT
  p.customer_id,
  p.as_of,
  COUNT(CASE WHEN r.kind = 'page_view' AND r.occurred_at >= p.from_7_days THEN 1 END) AS page_views_last_7_days,
  COUNT(CASE WHEN r.kind = 'page_view' AND r.occurred_at >= p.from_30_days THEN 1 END) AS page_views_last_30_days,
  COUNT(CASE WHEN r.kind = 'page_view' AND r.occurred_at >= p.from_90_days THEN 1 END) AS page_views_last_90_days,
  COUNT(CASE WHEN r.kind = 'page_view' AND r.occurred_at >= p.from_365_days THEN 1 END) AS page_views_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'page_view' THEN r.occurred_at END))) / 86400.0 AS days_since_last_page_view,
  COUNT(CASE WHEN r.kind = 'page_view' AND r.occurred_at >= p.from_30_days THEN 1 END) / NULLIF(COUNT(CASE WHEN r.kind = 'page_view' AND r.occurred_at >= p.from_90_days THEN 1 END) / 3.0, 0) AS page_views_trend,
  COUNT(CASE WHEN r.kind = 'login' AND r.occurred_at >= p.from_7_days THEN 1 END) AS logins_last_7_days,
  COUNT(CASE WHEN r.kind = 'login' AND r.occurred_at >= p.from_30_days THEN 1 END) AS logins_last_30_days,
  COUNT(CASE WHEN r.kind = 'login' AND r.occurred_at >= p.from_90_days THEN 1 END) AS logins_last_90_days,
  COUNT(CASE WHEN r.kind = 'login' AND r.occurred_at >= p.from_365_days THEN 1 END) AS logins_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'login' THEN r.occurred_at END))) / 86400.0 AS days_since_last_login,
  COUNT(CASE WHEN r.kind = 'login' AND r.occurred_at >= p.from_30_days THEN 1 END) / NULLIF(COUNT(CASE WHEN r.kind = 'login' AND r.occurred_at >= p.from_90_days THEN 1 END) / 3.0, 0) AS logins_trend,
  COUNT(CASE WHEN r.kind = 'email_open' AND r.occurred_at >= p.from_7_days THEN 1 END) AS email_opens_last_7_days,
  COUNT(CASE WHEN r.kind = 'email_open' AND r.occurred_at >= p.from_30_days THEN 1 END) AS email_opens_last_30_days,
  COUNT(CASE WHEN r.kind = 'email_open' AND r.occurred_at >= p.from_90_days THEN 1 END) AS email_opens_last_90_days,
  COUNT(CASE WHEN r.kind = 'email_open' AND r.occurred_at >= p.from_365_days THEN 1 END) AS email_opens_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'email_open' THEN r.occurred_at END))) / 86400.0 AS days_since_last_email_open,
  COUNT(CASE WHEN r.kind = 'email_open' AND r.occurred_at >= p.from_30_days THEN 1 END) / NULLIF(COUNT(CASE WHEN r.kind = 'email_open' AND r.occurred_at >= p.from_90_days THEN 1 END) / 3.0, 0) AS email_opens_trend,
  COUNT(CASE WHEN r.kind = 'voice_menu' AND r.occurred_at >= p.from_30_days THEN 1 END) AS voice_menus_last_30_days,
  COUNT(CASE WHEN r.kind = 'voice_menu' AND r.occurred_at >= p.from_90_days THEN 1 END) AS voice_menus_last_90_days,
  COUNT(CASE WHEN r.kind = 'voice_menu' AND r.occurred_at >= p.from_365_days THEN 1 END) AS voice_menus_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'voice_menu' THEN r.occurred_at END))) / 86400.0 AS days_since_last_voice_menu,
  COUNT(CASE WHEN r.kind = 'app_action' AND r.occurred_at >= p.from_7_days THEN 1 END) AS app_actions_last_7_days,
  COUNT(CASE WHEN r.kind = 'app_action' AND r.occurred_at >= p.from_30_days THEN 1 END) AS app_actions_last_30_days,
  COUNT(CASE WHEN r.kind = 'app_action' AND r.occurred_at >= p.from_90_days THEN 1 END) AS app_actions_last_90_days,
  COUNT(CASE WHEN r.kind = 'app_action' AND r.occurred_at >= p.from_365_days THEN 1 END) AS app_actions_last_365_days,
  (EPOCH(p.as_of) - EPOCH(MAX(CASE WHEN r.kind = 'app_action' THEN r.occurred_at END))) / 86400.0 AS days_since_last_app_action,
  COUNT(CASE WHEN r.kind = 'app_action' AND r.occurred_at >= p.from_30_days THEN 1 END) / NULLIF(COUNT(CASE WHEN r.kind = 'app_action' AND r.occurred_at >= p.from_90_days THEN 1 END) / 3.0, 0) AS app_actions_trend
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
  SELECT customer_id, occurred_at, known_at, kind FROM activity_events
) AS r
  ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of
  AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of
