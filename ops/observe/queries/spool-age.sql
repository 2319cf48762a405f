replayed | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  max(coalesce(cast(json_extract_scalar(line, '$.oldestSeconds') as bigint), 0)) as oldest_seconds,
  max(cast(json_extract_scalar(line, '$.left') as bigint)) as batches
from (select __time__, regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'replayed'
group by t order by t limit 10000
