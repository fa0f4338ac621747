SELECT t.id, p.code || '-' || t.number AS name, t.title, t.description, t.status, t.priority, t.points,
	t.project_id, p.name AS project, t.assignee_id, t.reporter_id, t.opened_at, t.done_at,
	CASE t.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END AS urgency
FROM tickets t
JOIN projects p ON p.id = t.project_id
