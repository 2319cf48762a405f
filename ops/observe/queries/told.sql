event | select json_extract_scalar(line, '$.status') as status,
  coalesce(json_extract_scalar(line, '$.errorCode'), 'none') as code, count(1) as requests
from (select regexp_extract(message, '\{.*\}') as line from log)
where json_extract_scalar(line, '$.event') in ('answered', 'refused')
group by status, code order by requests desc limit 100
