import { parseHandle } from '#engine/shape';

/** New handles of a deleted shape that are remembered while it stands at the position of its deletion. */
const mostFresh = 10_000;

interface Deletion {
	readonly position: bigint;
	/** Nonces of handles that were given for that very position since. */
	readonly fresh: Set<string>;
}

/**
 * Shapes that were deleted on this node: handles that their readers held then are dead, later ones are not.
 * It is for development and tests; nothing of it outlives the node.
 */
export class Deletions {
	readonly #byShape = new Map<string, Deletion>();

	add(shape: string, position: bigint): void {
		this.#byShape.set(shape, { position, fresh: new Set() });
	}

	/** Tells of a handle that was just given. */
	given(handle: string): void {
		if (this.#byShape.size === 0) return;
		const parsed = parseHandle(handle);
		const deletion = parsed && this.#byShape.get(parsed.shape);
		if (!parsed || !deletion || parsed.position > deletion.position) return;
		if (deletion.fresh.size >= mostFresh) deletion.fresh.clear();
		deletion.fresh.add(parsed.nonce);
	}

	isDead(handle: string): boolean {
		if (this.#byShape.size === 0) return false;
		const parsed = parseHandle(handle);
		const deletion = parsed && this.#byShape.get(parsed.shape);
		if (!parsed || !deletion || parsed.position > deletion.position) return false;
		return !deletion.fresh.has(parsed.nonce);
	}
}
