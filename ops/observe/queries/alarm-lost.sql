event | select json_extract_scalar(line, '$.status') as status, json_extract_scalar(line, '$.errorCode') as code, count(1) as requests
from (select regexp_extract(message, '\{.*\}') as line from log)
where json_extract_scalar(line, '$.event') in ('answered', 'refused') and json_extract_scalar(line, '$.status') in ('429', '502', '503')
  and coalesce(json_extract_scalar(line, '$.errorCode'), '') <> 'RequestRateExceeded'
group by status, code order by requests desc limit 10
