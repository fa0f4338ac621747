SELECT p.id, p.name, p.code, count(*) AS tickets, sum(t.points) AS points, max(t.points) AS largest,
	min(t.opened_at) AS oldest
FROM projects p
JOIN tickets t ON t.project_id = p.id
WHERE t.status <> 'done'
GROUP BY p.id, p.name, p.code
