* | select count_if(json_extract_scalar(line, '$.event') = 'replayed') as runs
from (select regexp_extract(message, '\{.*\}') as line from log) having count_if(json_extract_scalar(line, '$.event') = 'replayed') = 0
