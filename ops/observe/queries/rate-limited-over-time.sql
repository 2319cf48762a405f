RequestRateExceeded | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  regexp_extract(json_extract_scalar(line, '$.detail'), 'too many: ([a-z]+)', 1) as ceiling, count(1) as requests
from (select __time__, regexp_extract(message, '\{.*\}') as line from log)
where json_extract_scalar(line, '$.event') = 'refused' and json_extract_scalar(line, '$.errorCode') = 'RequestRateExceeded'
group by t, ceiling order by t, ceiling limit 10000
