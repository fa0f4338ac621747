import { parseDeletion, parseHandle } from '#engine/shape';
import type { Answer } from './answer.ts';
import type { Caller } from './caller.ts';
import { errors } from './errors.ts';
import { failure, invalidRequest } from './failures.ts';
import { corsHeaders, jsonType } from './headers.ts';
import { openShape, type ShapeSources } from './open-shape.ts';

/**
 * Answers `DELETE /v1/shape`: whoever reads that shape from this node begins anew. The shape is named by its
 * definition, by a handle, or by both.
 */
export async function deleteShape(
	sources: ShapeSources,
	search: URLSearchParams,
	caller: Caller
): Promise<Answer> {
	const parsed = parseDeletion(search);
	if (!parsed.ok) return invalidRequest(parsed.errors);
	try {
		const { definition, handle } = parsed;
		await caller.becomeCurrent();
		const named = handle === undefined ? undefined : parseHandle(handle)?.shape;
		const shape = definition && (await openShape(sources, definition, caller));
		const hash = shape?.hash ?? named;
		const isOther = handle !== undefined && named !== hash;
		if (hash === undefined || isOther) throw errors.SHAPE_UNKNOWN('There is no such shape.');
		sources.live.remove(hash);
		return accepted;
	} catch (error) {
		return failure(error);
	}
}

const accepted: Answer = {
	status: 202,
	headers: { ...corsHeaders, 'content-type': jsonType, 'cache-control': 'no-store' },
	body: '{}'
};
