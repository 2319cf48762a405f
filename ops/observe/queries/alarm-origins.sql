OriginNotAllowed | select count_if(__time__ >= to_unixtime(now()) - 86400) as today,
  count_if(__time__ < to_unixtime(now()) - 86400) as the_day_before
from (select __time__, regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.errorCode') = 'OriginNotAllowed'
having count_if(__time__ >= to_unixtime(now()) - 86400) > 10 * count_if(__time__ < to_unixtime(now()) - 86400)
  and count(1) > 10
