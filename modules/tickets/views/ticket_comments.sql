SELECT c.id, c.ticket_id, c.author_id, w.name AS author, c.body, c.written_at
FROM comments c
JOIN people w ON w.id = c.author_id
