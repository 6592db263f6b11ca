-- The same columns as features/, written by hand for DuckDB, as one would without this package:
-- FILTER, arg_min and arg_max, ASOF joins, window starts made once, one query per family.
-- `spine` holds (customer_id, as_of); $target is the file to write.

CREATE OR REPLACE TEMP TABLE starts AS
SELECT DISTINCT customer_id, as_of,
  as_of - INTERVAL 7 DAY AS from_7, as_of - INTERVAL 30 DAY AS from_30,
  as_of - INTERVAL 90 DAY AS from_90, as_of - INTERVAL 365 DAY AS from_365
FROM spine;

CREATE OR REPLACE TEMP TABLE hand_events AS
SELECT p.customer_id, p.as_of,
  count(*) FILTER (r.kind = 'enquiry' AND r.occurred_at >= from_7) AS enquiries_last_7_days,
  count(*) FILTER (r.kind = 'enquiry' AND r.occurred_at >= from_30) AS enquiries_last_30_days,
  count(*) FILTER (r.kind = 'enquiry' AND r.occurred_at >= from_90) AS enquiries_last_90_days,
  count(*) FILTER (r.kind = 'enquiry' AND r.occurred_at >= from_365) AS enquiries_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'enquiry'))) / 86400 AS days_since_last_enquiry,
  count(*) FILTER (r.kind = 'enquiry' AND r.occurred_at >= from_30)
    / nullif(count(*) FILTER (r.kind = 'enquiry' AND r.occurred_at >= from_90) / 3, 0) AS enquiries_trend,
  count(*) FILTER (r.kind = 'application' AND r.occurred_at >= from_30) AS applications_last_30_days,
  count(*) FILTER (r.kind = 'application' AND r.occurred_at >= from_90) AS applications_last_90_days,
  count(*) FILTER (r.kind = 'application' AND r.occurred_at >= from_365) AS applications_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'application'))) / 86400 AS days_since_last_application,
  count(*) FILTER (r.kind = 'issue' AND r.occurred_at >= from_365) AS issues_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'issue'))) / 86400 AS days_since_last_issue,
  count(*) FILTER (r.kind = 'purchase' AND r.occurred_at >= from_90) AS purchases_last_90_days,
  count(*) FILTER (r.kind = 'purchase' AND r.occurred_at >= from_365) AS purchases_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'purchase'))) / 86400 AS days_since_last_purchase,
  count(*) FILTER (r.kind = 'payment' AND r.occurred_at >= from_30) AS payments_last_30_days,
  count(*) FILTER (r.kind = 'payment' AND r.occurred_at >= from_90) AS payments_last_90_days,
  count(*) FILTER (r.kind = 'payment' AND r.occurred_at >= from_365) AS payments_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'payment'))) / 86400 AS days_since_last_payment,
  count(*) FILTER (r.kind = 'payment' AND r.occurred_at >= from_30)
    / nullif(count(*) FILTER (r.kind = 'payment' AND r.occurred_at >= from_90) / 3, 0) AS payments_trend,
  count(*) FILTER (r.kind = 'missed_payment' AND r.occurred_at >= from_30) AS missed_payments_last_30_days,
  count(*) FILTER (r.kind = 'missed_payment' AND r.occurred_at >= from_90) AS missed_payments_last_90_days,
  count(*) FILTER (r.kind = 'missed_payment' AND r.occurred_at >= from_365) AS missed_payments_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'missed_payment'))) / 86400 AS days_since_last_missed_payment,
  count(*) FILTER (r.kind = 'lapse' AND r.occurred_at >= from_365) AS lapses_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'lapse'))) / 86400 AS days_since_last_lapse,
  count(*) FILTER (r.kind = 'claim' AND r.occurred_at >= from_30) AS claims_last_30_days,
  count(*) FILTER (r.kind = 'claim' AND r.occurred_at >= from_90) AS claims_last_90_days,
  count(*) FILTER (r.kind = 'claim' AND r.occurred_at >= from_365) AS claims_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'claim'))) / 86400 AS days_since_last_claim,
  count(*) FILTER (r.kind = 'service_request' AND r.occurred_at >= from_7) AS service_requests_last_7_days,
  count(*) FILTER (r.kind = 'service_request' AND r.occurred_at >= from_30) AS service_requests_last_30_days,
  count(*) FILTER (r.kind = 'service_request' AND r.occurred_at >= from_90) AS service_requests_last_90_days,
  count(*) FILTER (r.kind = 'service_request' AND r.occurred_at >= from_365) AS service_requests_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'service_request'))) / 86400 AS days_since_last_service_request,
  count(*) FILTER (r.kind = 'service_request' AND r.occurred_at >= from_30)
    / nullif(count(*) FILTER (r.kind = 'service_request' AND r.occurred_at >= from_90) / 3, 0) AS service_requests_trend,
  coalesce(sum(r.amount) FILTER (r.kind = 'payment' AND r.occurred_at >= from_30), 0) AS payments_amount_last_30_days,
  coalesce(sum(r.amount) FILTER (r.kind = 'payment' AND r.occurred_at >= from_90), 0) AS payments_amount_last_90_days,
  coalesce(sum(r.amount) FILTER (r.kind = 'payment' AND r.occurred_at >= from_365), 0) AS payments_amount_last_365_days,
  coalesce(sum(r.amount) FILTER (r.kind = 'purchase' AND r.occurred_at >= from_365), 0) AS purchases_amount_last_365_days,
  coalesce(sum(r.amount) FILTER (r.kind = 'claim' AND r.occurred_at >= from_365), 0) AS claims_amount_last_365_days
FROM starts p
LEFT JOIN customer_events r ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of;

CREATE OR REPLACE TEMP TABLE hand_activity AS
SELECT p.customer_id, p.as_of,
  count(*) FILTER (r.kind = 'page_view' AND r.occurred_at >= from_7) AS page_views_last_7_days,
  count(*) FILTER (r.kind = 'page_view' AND r.occurred_at >= from_30) AS page_views_last_30_days,
  count(*) FILTER (r.kind = 'page_view' AND r.occurred_at >= from_90) AS page_views_last_90_days,
  count(*) FILTER (r.kind = 'page_view' AND r.occurred_at >= from_365) AS page_views_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'page_view'))) / 86400 AS days_since_last_page_view,
  count(*) FILTER (r.kind = 'page_view' AND r.occurred_at >= from_30)
    / nullif(count(*) FILTER (r.kind = 'page_view' AND r.occurred_at >= from_90) / 3, 0) AS page_views_trend,
  count(*) FILTER (r.kind = 'login' AND r.occurred_at >= from_7) AS logins_last_7_days,
  count(*) FILTER (r.kind = 'login' AND r.occurred_at >= from_30) AS logins_last_30_days,
  count(*) FILTER (r.kind = 'login' AND r.occurred_at >= from_90) AS logins_last_90_days,
  count(*) FILTER (r.kind = 'login' AND r.occurred_at >= from_365) AS logins_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'login'))) / 86400 AS days_since_last_login,
  count(*) FILTER (r.kind = 'login' AND r.occurred_at >= from_30)
    / nullif(count(*) FILTER (r.kind = 'login' AND r.occurred_at >= from_90) / 3, 0) AS logins_trend,
  count(*) FILTER (r.kind = 'email_open' AND r.occurred_at >= from_7) AS email_opens_last_7_days,
  count(*) FILTER (r.kind = 'email_open' AND r.occurred_at >= from_30) AS email_opens_last_30_days,
  count(*) FILTER (r.kind = 'email_open' AND r.occurred_at >= from_90) AS email_opens_last_90_days,
  count(*) FILTER (r.kind = 'email_open' AND r.occurred_at >= from_365) AS email_opens_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'email_open'))) / 86400 AS days_since_last_email_open,
  count(*) FILTER (r.kind = 'email_open' AND r.occurred_at >= from_30)
    / nullif(count(*) FILTER (r.kind = 'email_open' AND r.occurred_at >= from_90) / 3, 0) AS email_opens_trend,
  count(*) FILTER (r.kind = 'voice_menu' AND r.occurred_at >= from_30) AS voice_menus_last_30_days,
  count(*) FILTER (r.kind = 'voice_menu' AND r.occurred_at >= from_90) AS voice_menus_last_90_days,
  count(*) FILTER (r.kind = 'voice_menu' AND r.occurred_at >= from_365) AS voice_menus_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'voice_menu'))) / 86400 AS days_since_last_voice_menu,
  count(*) FILTER (r.kind = 'app_action' AND r.occurred_at >= from_7) AS app_actions_last_7_days,
  count(*) FILTER (r.kind = 'app_action' AND r.occurred_at >= from_30) AS app_actions_last_30_days,
  count(*) FILTER (r.kind = 'app_action' AND r.occurred_at >= from_90) AS app_actions_last_90_days,
  count(*) FILTER (r.kind = 'app_action' AND r.occurred_at >= from_365) AS app_actions_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.kind = 'app_action'))) / 86400 AS days_since_last_app_action,
  count(*) FILTER (r.kind = 'app_action' AND r.occurred_at >= from_30)
    / nullif(count(*) FILTER (r.kind = 'app_action' AND r.occurred_at >= from_90) / 3, 0) AS app_actions_trend
FROM starts p
LEFT JOIN activity_events r ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of;

CREATE OR REPLACE TEMP TABLE hand_touches AS
SELECT p.customer_id, p.as_of,
  count(*) FILTER (r.occurred_at >= from_30) AS touches_last_30_days,
  count(*) FILTER (r.occurred_at >= from_90) AS touches_last_90_days,
  count(*) FILTER (r.occurred_at >= from_365) AS touches_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at))) / 86400 AS days_since_last_touch,
  coalesce(sum(r.cost) FILTER (r.occurred_at >= from_90), 0) AS touches_cost_last_90_days,
  coalesce(sum(r.cost) FILTER (r.occurred_at >= from_365), 0) AS touches_cost_last_365_days,
  count(*) FILTER (r.medium = 'television' AND r.occurred_at >= from_365) AS television_touches_last_365_days,
  count(*) FILTER (r.medium = 'search' AND r.occurred_at >= from_365) AS search_touches_last_365_days,
  count(*) FILTER (r.medium = 'social' AND r.occurred_at >= from_365) AS social_touches_last_365_days,
  count(*) FILTER (r.medium = 'direct_mail' AND r.occurred_at >= from_365) AS direct_mail_touches_last_365_days,
  count(*) FILTER (r.medium = 'referral' AND r.occurred_at >= from_365) AS referral_touches_last_365_days,
  count(*) FILTER (r.medium = 'radio' AND r.occurred_at >= from_365) AS radio_touches_last_365_days,
  (epoch(p.as_of) - epoch(min(r.occurred_at))) / 86400 AS days_since_first_touch,
  coalesce(arg_min(r.medium, r.occurred_at), 'none') AS first_touch_medium,
  coalesce(arg_max(r.medium, r.occurred_at), 'none') AS last_touch_medium
FROM starts p
LEFT JOIN attributions r ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of;

CREATE OR REPLACE TEMP TABLE hand_past_contacts AS
SELECT p.customer_id, p.as_of,
  count(*) FILTER (r.occurred_at >= from_30) AS contacts_last_30_days,
  count(*) FILTER (r.occurred_at >= from_90) AS contacts_last_90_days,
  count(*) FILTER (r.occurred_at >= from_365) AS contacts_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at))) / 86400 AS days_since_last_contact,
  count(*) FILTER (r.reached_agent AND r.occurred_at >= from_90) AS reached_contacts_last_90_days,
  count(*) FILTER (r.reached_agent AND r.occurred_at >= from_365) AS reached_contacts_last_365_days,
  count(*) FILTER (r.offer_id IS NOT NULL AND r.occurred_at >= from_90) AS presentations_last_90_days,
  count(*) FILTER (r.offer_id IS NOT NULL AND r.occurred_at >= from_365) AS presentations_last_365_days,
  (epoch(p.as_of) - epoch(max(r.occurred_at) FILTER (r.offer_id IS NOT NULL))) / 86400
    AS days_since_last_presentation,
  avg(r.waited_seconds) FILTER (r.occurred_at >= from_365) AS mean_wait_seconds_last_365_days
FROM starts p
LEFT JOIN contacts r ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of;

CREATE OR REPLACE TEMP TABLE hand_accepted AS
SELECT p.customer_id, p.as_of, count(r.customer_id) AS accepted_offers_last_365_days
FROM starts p
LEFT JOIN outcomes r ON r.customer_id = p.customer_id AND r.accepted
  AND r.occurred_at >= from_365 AND r.occurred_at < p.as_of AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of;

CREATE OR REPLACE TEMP TABLE hand_stage AS
SELECT customer_id, as_of,
  CASE WHEN bought IS NOT NULL THEN 'purchaser' WHEN applied IS NOT NULL THEN 'new_business'
    WHEN asked IS NOT NULL THEN 'lead' ELSE 'prospect' END AS stage,
  (epoch(as_of) - epoch(coalesce(bought, applied, asked, since))) / 86400 AS days_in_stage,
  (epoch(as_of) - epoch(since)) / 86400 AS days_known
FROM (
  SELECT p.customer_id, p.as_of, any_value(c.occurred_at) AS since,
    min(r.occurred_at) FILTER (r.kind IN ('issue', 'purchase')) AS bought,
    min(r.occurred_at) FILTER (r.kind = 'application') AS applied,
    min(r.occurred_at) FILTER (r.kind = 'enquiry') AS asked
  FROM starts p
  LEFT JOIN customers c ON c.customer_id = p.customer_id AND c.known_at < p.as_of
  LEFT JOIN customer_events r ON r.customer_id = p.customer_id
    AND r.kind IN ('issue', 'purchase', 'application', 'enquiry')
    AND r.occurred_at < p.as_of AND r.known_at < p.as_of
  GROUP BY p.customer_id, p.as_of
);

CREATE OR REPLACE TEMP TABLE hand_record AS
SELECT p.customer_id, p.as_of,
  coalesce(i.income, a.income) AS income,
  CASE WHEN i.income IS NOT NULL THEN 'individual' WHEN a.income IS NOT NULL THEN 'postcode'
    ELSE 'none' END AS income_level,
  a.income AS postcode_median_income,
  coalesce(i.age, a.age) AS age,
  coalesce(i.household_size, a.household_size) AS household_size,
  coalesce(i.home_owner, a.home_owner) AS home_owner,
  coalesce(i.life_event, a.life_event, 'unknown') AS life_event,
  coalesce(i.occupation, a.occupation, 'unknown') AS occupation,
  (c.phone IS NOT NULL)::BIGINT AS has_phone,
  (c.email IS NOT NULL)::BIGINT AS has_email,
  coalesce(c.language, 'unknown') AS language,
  coalesce(c.preferred_channel, 'none') AS preferred_channel
FROM starts p
LEFT JOIN customers c ON c.customer_id = p.customer_id AND c.known_at < p.as_of
ASOF LEFT JOIN (FROM demographics WHERE level = 'individual') i
  ON i.customer_id = p.customer_id AND i.known_at < p.as_of
ASOF LEFT JOIN (FROM demographics WHERE level = 'postcode') a
  ON a.postcode = c.postcode AND a.known_at < p.as_of;

COPY (
  SELECT s.customer_id, s.as_of, g.stage, e.* EXCLUDE (customer_id, as_of),
    v.* EXCLUDE (customer_id, as_of), t.* EXCLUDE (customer_id, as_of),
    k.* EXCLUDE (customer_id, as_of), o.accepted_offers_last_365_days,
    g.days_in_stage, g.days_known, d.* EXCLUDE (customer_id, as_of)
  FROM spine s
  JOIN hand_events e USING (customer_id, as_of)
  JOIN hand_activity v USING (customer_id, as_of)
  JOIN hand_touches t USING (customer_id, as_of)
  JOIN hand_past_contacts k USING (customer_id, as_of)
  JOIN hand_accepted o USING (customer_id, as_of)
  JOIN hand_stage g USING (customer_id, as_of)
  JOIN hand_record d USING (customer_id, as_of)
  ORDER BY s.customer_id, s.as_of
) TO '$target' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000);
