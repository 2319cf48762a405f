replayed | select date_format(from_unixtime(__time__), '%Y-%m-%d %H:%i:%s') as t,
  json_extract_scalar(line, '$.ended') as ended, json_extract_scalar(line, '$.left') as left_over,
  json_extract_scalar(line, '$.oldestSeconds') as oldest, json_extract_scalar(line, '$.written') as written,
  json_extract_scalar(line, '$.rejected') as rejected, json_extract_scalar(line, '$.detail') as detail
from (select __time__, regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'replayed'
order by t desc limit 60
