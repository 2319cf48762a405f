* | select url_extract_host(referrer) as site, count(1) as logs
from log where url_extract_host(referrer) is not null
group by site order by logs desc limit 20
