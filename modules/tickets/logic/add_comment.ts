import type { AddCommentRequest, AddCommentResponse, Loam } from 'loam';

export default async function addComment(
	request: AddCommentRequest,
	loam: Loam
): Promise<AddCommentResponse> {
	const body = request.body.trim();
	if (body === '') loam.fail('COMMENT_EMPTY', 'Write something first.');
	const comment = await loam.db.comments.insert({
		ticket_id: request.ticket_id,
		author_id: loam.principal.id,
		body
	});
	return { id: comment.id };
}
