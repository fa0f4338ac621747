import { formatOffset, journalOffset, type ShapeQuery, type SubsetQuery } from '#engine/shape';
import type { ResolvedShape } from '#core/live';
import type { Answer } from './answer.ts';
import { subsetHeaders } from './headers.ts';
import type { ShapeSources } from './open-shape.ts';
import { refetch } from './shape-answers.ts';

/**
 * Some rows of a shape. The reader goes on from the place that it has: what it is sent of before the rows'
 * position, it leaves out by their metadata. Without a place it begins at their position.
 */
export async function answerSubset(
	{ live }: Pick<ShapeSources, 'live'>,
	shape: ResolvedShape,
	query: ShapeQuery,
	subset: SubsetQuery
): Promise<Answer> {
	const { handle } = query;
	if (handle !== undefined && !live.isOf(shape, handle)) return refetch({ live }, shape);
	const { position, body } = await live.subset(shape, subset);
	const place =
		handle === undefined
			? { handle: live.handleAt(shape, position), offset: formatOffset(journalOffset(position)) }
			: { handle, offset: formatOffset(query.offset) };
	return { status: 200, headers: subsetHeaders({ ...place, schema: shape.schema }), body };
}
