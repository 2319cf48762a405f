#"would refuse" | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  coalesce(json_extract_scalar(line, '$.errorCode'), 'OriginNotAllowed') as code, count(1) as requests
from (select __time__, regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'would refuse'
group by t, code order by t, code limit 10000
