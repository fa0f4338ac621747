import type { Loam, TakeTicketRequest, TakeTicketResponse } from 'loam';

export default async function takeTicket(
	request: TakeTicketRequest,
	loam: Loam
): Promise<TakeTicketResponse> {
	const ticket = await loam.db.tickets.update(request.id, {
		assignee_id: loam.principal.id,
		status: 'in_progress',
		done_at: null
	});
	if (!ticket) loam.fail('TICKET_UNKNOWN', 'That ticket is gone; somebody has deleted it.');
	return {};
}
