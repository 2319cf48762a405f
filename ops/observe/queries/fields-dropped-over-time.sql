dropped | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  sum(cast(json_extract_scalar(line, '$.dropped') as bigint)) as fields
from (select __time__, regexp_extract(message, '\{.*\}') as line from log)
where json_extract_scalar(line, '$.event') = 'answered' and json_extract_scalar(line, '$.dropped') is not null
group by t order by t limit 10000
