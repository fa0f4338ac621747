import type { AddCommentRequest, AddCommentResponse, Loam } from 'loam';

export default async function addComment(
	request: AddCommentRequest,
	loam: Loam
): Promise<AddCommentResponse> {
	const body = request.body.trim();
	if (body === '') loam.fail('COMMENT_EMPTY', 'Write something first.');
	const author = loam.principal.id;
	if (!author) return loam.fail('SIGN_IN', 'Sign in to comment.');
	const comment = await loam.db.comments.insert({ ticket_id: request.ticket_id, author_id: author, body });
	return { id: comment.id };
}
