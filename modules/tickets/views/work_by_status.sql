SELECT status, count(*) AS tickets, sum(points) AS points
FROM tickets
GROUP BY status
