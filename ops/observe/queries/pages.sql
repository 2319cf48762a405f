* | select concat(url_extract_host("__tag__:referer"), url_extract_path("__tag__:referer")) as page, count(1) as logs
from log where url_extract_host("__tag__:referer") is not null
group by page order by logs desc limit 20
