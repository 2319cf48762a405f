filtered | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  json_extract_scalar(line, '$.filtered') as filter, sum(cast(json_extract_scalar(line, '$.logs') as bigint)) as logs
from (select __time__, regexp_extract(message, '\{.*\}') as line from log)
where json_extract_scalar(line, '$.filtered') in ('bot', 'ip', 'gpc')
group by t, filter order by t, filter limit 10000
