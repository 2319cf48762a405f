replayed | select max(cast(json_extract_scalar(line, '$.oldestSeconds') as bigint)) as oldest_seconds
from (select regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'replayed'
having max(cast(json_extract_scalar(line, '$.oldestSeconds') as bigint)) > 3600
