import type { EditTicketRequest, EditTicketResponse, Loam } from 'loam';

export default async function editTicket(
	request: EditTicketRequest,
	loam: Loam
): Promise<EditTicketResponse> {
	const title = request.title.trim();
	if (title === '') loam.fail('TITLE_MISSING', 'Give the ticket a title.');
	const ticket = await loam.db.tickets.update(request.id, {
		title,
		description: request.description,
		priority: request.priority,
		points: request.points
	});
	if (!ticket) loam.fail('TICKET_UNKNOWN', 'That ticket is gone; somebody has deleted it.');
	return {};
}
