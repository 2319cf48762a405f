* | select coalesce(eventType, event, 'none') as type, count(1) as logs
from log group by type order by logs desc limit 20
