* | select case when ip_to_country("__tag__:client_ip") = '' then 'unknown'
    else ip_to_country("__tag__:client_ip") end as country, count(1) as logs
from log where "__tag__:client_ip" is not null group by country order by logs desc limit 20
