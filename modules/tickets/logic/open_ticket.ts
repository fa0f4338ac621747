import type { Loam, OpenTicketRequest, OpenTicketResponse } from 'loam';

export default async function openTicket(
	request: OpenTicketRequest,
	loam: Loam
): Promise<OpenTicketResponse> {
	const title = request.title.trim();
	if (title === '') loam.fail('TITLE_MISSING', 'Give the ticket a title.');
	// The project's row is locked, so that two tickets never get one number.
	const project = await loam.db.one(
		'SELECT id FROM projects WHERE id = $1 FOR UPDATE',
		request.project_id || null
	);
	if (!project) loam.fail('PROJECT_UNKNOWN', 'Choose the project that the ticket belongs to.');
	const last = await loam.db.one(
		'SELECT coalesce(max(number), 0) AS number FROM tickets WHERE project_id = $1',
		request.project_id
	);
	const number = Number(last?.number ?? 0) + 1;
	const ticket = await loam.db.tickets.insert({
		project_id: request.project_id,
		number,
		title,
		description: request.description,
		priority: request.priority,
		points: request.points,
		assignee_id: request.assignee_id || null,
		reporter_id: loam.principal.id
	});
	return { id: ticket.id, number };
}
