import type { Loam, MoveTicketRequest, MoveTicketResponse } from 'loam';

export default async function moveTicket(
	request: MoveTicketRequest,
	loam: Loam
): Promise<MoveTicketResponse> {
	const ticket = await loam.db.tickets.update(request.id, {
		status: request.status,
		done_at: request.status === 'done' ? loam.now() : null
	});
	if (!ticket) loam.fail('TICKET_UNKNOWN', 'That ticket is gone; somebody has deleted it.');
	return {};
}
