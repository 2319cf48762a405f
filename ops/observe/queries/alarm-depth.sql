replayed | select max(cast(json_extract_scalar(line, '$.left') as bigint)) as batches
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'replayed'
having max(cast(json_extract_scalar(line, '$.left') as bigint)) > 10000
