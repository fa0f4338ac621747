import type { AssignTicketRequest, AssignTicketResponse, Loam } from 'loam';

export default async function assignTicket(
	request: AssignTicketRequest,
	loam: Loam
): Promise<AssignTicketResponse> {
	const ticket = await loam.db.tickets.update(request.id, { assignee_id: request.assignee_id || null });
	if (!ticket) loam.fail('TICKET_UNKNOWN', 'That ticket is gone; somebody has deleted it.');
	return {};
}
