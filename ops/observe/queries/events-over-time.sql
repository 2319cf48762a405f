* | select date_format(from_unixtime(__time__ - __time__ % 60), '%Y-%m-%d %H:%i') as t, count(1) as logs
from log group by t order by t limit 10000
