event | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  json_extract_scalar(line, '$.status') as status, count(1) as requests
from (select __time__, regexp_extract(message, '\{.*\}') as line from log)
where json_extract_scalar(line, '$.event') in ('answered', 'refused')
group by t, status order by t, status limit 10000
