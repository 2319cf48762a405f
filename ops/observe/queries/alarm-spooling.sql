spooled | select count(1) as batches, max(json_extract_scalar(line, '$.detail')) as detail
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.spooled') = '1' having count(1) > 0
