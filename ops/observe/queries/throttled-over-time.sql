event | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  count_if(json_extract_scalar(line, '$.errorCode') = 'WriteQuotaExceed') as throttled
from (select __time__, regexp_extract(message, '\{.*\}') as line from log)
group by t order by t limit 10000
