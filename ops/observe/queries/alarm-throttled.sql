event | select count_if(json_extract_scalar(line, '$.errorCode') = 'WriteQuotaExceed') as throttled, count(1) as requests
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') in ('answered', 'refused')
having count_if(json_extract_scalar(line, '$.errorCode') = 'WriteQuotaExceed') * 100 > count(1)
