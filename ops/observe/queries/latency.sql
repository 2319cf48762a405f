answered | select approx_percentile(cast(json_extract_scalar(line, '$.ms') as double), 0.5) as p50,
  approx_percentile(cast(json_extract_scalar(line, '$.ms') as double), 0.99) as p99,
  approx_percentile(cast(json_extract_scalar(line, '$.upstreamMs') as double), 0.99) as sls_p99,
  sum(cast(json_extract_scalar(line, '$.upstreamMs') as double)) / sum(cast(json_extract_scalar(line, '$.ms') as double)) as sls_share,
  sum(cast(json_extract_scalar(line, '$.logs') as bigint)) as logs
from (select regexp_extract(message, '\{.*\}') as line from log)
where json_extract_scalar(line, '$.event') = 'answered' and json_extract_scalar(line, '$.upstreamMs') is not null
