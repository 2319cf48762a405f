answered | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  approx_percentile(cast(json_extract_scalar(line, '$.ms') as double), 0.5) as p50,
  approx_percentile(cast(json_extract_scalar(line, '$.ms') as double), 0.99) as p99,
  approx_percentile(cast(json_extract_scalar(line, '$.upstreamMs') as double), 0.99) as sls_p99
from (select __time__, regexp_extract(message, '\{.*\}') as line from log) where json_extract_scalar(line, '$.event') = 'answered'
group by t order by t limit 10000
