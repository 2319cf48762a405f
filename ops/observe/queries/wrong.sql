detail | select json_extract_scalar(line, '$.errorCode') as code,
  regexp_replace(json_extract_scalar(line, '$.detail'), ', request id [A-Za-z0-9-]+', '') as detail,
  count(1) as times, max(json_extract_scalar(line, '$.requestId')) as example,
  max(json_extract_scalar(line, '$.detail')) as its_detail
from (select regexp_extract(message, '\{.*\}') as line from log)
where json_extract_scalar(line, '$.level') in ('ERROR', 'WARNING')
group by code, detail order by times desc limit 50
