#"would refuse" | select coalesce(
  regexp_extract(json_extract_scalar(line, '$.reason'), 'https?://[^ ]+'),
  json_extract_scalar(line, '$.reason')) as reason, count(1) as times
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'would refuse'
group by reason order by times desc limit 50
