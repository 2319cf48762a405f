* | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t,
  approx_distinct("__tag__:client_ip") as addresses, approx_distinct("__tag__:subject") as subjects
from log group by t order by t limit 10000
