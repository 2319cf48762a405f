OriginNotAllowed | select coalesce(
  regexp_extract(json_extract_scalar(line, '$.detail'), 'https?://[^ ]+'),
  json_extract_scalar(line, '$.detail')) as origin, count(1) as times
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.errorCode') = 'OriginNotAllowed'
group by origin order by times desc limit 50
