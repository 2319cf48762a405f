#"would refuse" | select coalesce(json_extract_scalar(line, '$.errorCode'), 'OriginNotAllowed') as code, coalesce(
  regexp_extract(json_extract_scalar(line, '$.reason'), 'https?://[^ ]+'),
  regexp_extract(json_extract_scalar(line, '$.reason'), 'too many: (.+)', 1),
  json_extract_scalar(line, '$.reason')) as reason, count(1) as times
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'would refuse'
group by code, reason order by times desc limit 50
