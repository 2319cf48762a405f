* | select case
    when "__tag__:user_agent" like '%Edg/%' then 'Edge'
    when "__tag__:user_agent" like '%OPR/%' then 'Opera'
    when "__tag__:user_agent" like '%MicroMessenger/%' then 'WeChat'
    when "__tag__:user_agent" like '%Firefox/%' then 'Firefox'
    when "__tag__:user_agent" like '%Chrome/%' then 'Chrome'
    when "__tag__:user_agent" like '%Safari/%' then 'Safari'
    when "__tag__:user_agent" is null then 'not told'
    else 'other' end as browser, count(1) as logs
from log group by browser order by logs desc limit 20
