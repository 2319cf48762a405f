rejected | select count(1) as objects, max(json_extract_scalar(line, '$.detail')) as detail
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'rejected' having count(1) > 0
