InternalServerError | select json_extract_scalar(line, '$.detail') as detail, count(1) as times
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.errorCode') = 'InternalServerError'
group by detail order by times desc limit 10
